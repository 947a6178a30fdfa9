import type { FastifyInstance } from 'fastify';
import type { Table } from '../../lambda/platform/table.ts';
import { readRecord } from '../../lambda/submission/ledger.ts';
import type { SubmissionRecord } from '../../lambda/submission/record.ts';

/** State of a submission in the API. */
export type SubmissionState = 'accepted' | 'waiting' | 'dead' | 'suppressed' | 'in-flight';

/**
 * The state of a record at `now` (epoch milliseconds). `in-flight`: a worker has claimed it; `suppressed`: it has ended
 * and no recipient was served, since none may be mailed.
 */
export function stateOf({ state, lease, attempts }: SubmissionRecord, now: number): SubmissionState {
  switch (state) {
    case 'open':
      return lease !== undefined && lease.until > now ? 'in-flight' : 'waiting';
    case 'dead':
      return 'dead';
    case 'done':
      return attempts.some(({ outcome }) => outcome === 'accepted') ? 'accepted' : 'suppressed';
  }
}

/** Body of `GET /api/submissions/ID`: the submission's record in the ledger, times as ISO 8601. */
function view(id: string, entry: SubmissionRecord): object {
  const { pk: _pk, hash, origin, reason, firstSeen, lease, attempts, carried, reported } = entry;
  return {
    id,
    state: stateOf(entry, Date.now()),
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
