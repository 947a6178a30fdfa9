import type { FastifyInstance } from 'fastify';
import type { Table } from '../../lambda/platform/table.ts';
import { readRecord } from '../../lambda/submission/ledger.ts';
import type { SubmissionRecord } from '../../lambda/submission/record.ts';

/** Body of `GET /api/submissions/ID`: the submission's record in the ledger, times as ISO 8601. */
function view(id: string, entry: SubmissionRecord): object {
  const { pk: _pk, hash, origin, state, reason, firstSeen, lease, attempts, carried, reported } = entry;
  return {
    id,
    state,
    ...(reason && { reason }),
    firstSeen: iso(firstSeen),
    hash,
    messageId: origin,
    ...(lease && { inFlightUntil: iso(lease.until) }),
    attempts: attempts.map(({ begun, ended, ...one }) => ({
      ...one,
      begun: iso(begun),
      ...(ended !== undefined && { ended: iso(ended) }),
    })),
    attemptCount: carried.attempts,
    done: carried.done,
    history: carried.history.map((vote) => (vote.kind === 'unknown' ? { ...vote, at: iso(vote.at) } : vote)),
    events: Object.entries(reported ?? {}).map(([provider, providerMessageId]) => ({ provider, providerMessageId })),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** Adds `GET /api/submissions/ID`; an id may hold slashes. */
export function addSubmissions(app: FastifyInstance, table: () => Table | undefined): void {
  app.get<{ Params: { '*': string } }>('/api/submissions/*', async ({ params }, reply) => {
    const id = params['*'];
    const known = table();
    const entry = known && (await readRecord(known, id));
    if (!entry) return reply.code(404).send({ error: `The ledger has no submission ${JSON.stringify(id)}.` });
    return view(id, entry);
  });
}
