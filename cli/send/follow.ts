import { setTimeout as pause } from 'node:timers/promises';
import { defined } from '../../lambda/platform/defined.ts';
import { depth, peek } from './queue-view.ts';
import type { QueueTarget } from './target.ts';

/** Final result of one submission, according to the queues and the API of the local stack. */
export type SubmissionEnd =
  | { readonly kind: 'accepted'; readonly provider: string; readonly providerMessageId?: string }
  | { readonly kind: 'dead-letter'; readonly reason: string; readonly detail?: string; readonly attempts?: number }
  | { readonly kind: 'suppressed' };

interface Accepted {
  readonly provider: string;
  readonly submissionId?: string;
  readonly providerMessageId?: string;
}

const POLL_MS = 250;

/**
 * Polls until every submission with one of these ids has a final result, or until the time is over. Returns the results that were
 * found. After each poll, calls `progress` with the number of results.
 */
export async function follow(
  target: QueueTarget,
  ids: readonly string[],
  waitMs: number,
  progress: (ended: number) => void = () => {},
): Promise<Map<string, SubmissionEnd>> {
  const wanted = new Set(ids);
  const ends = new Map<string, SubmissionEnd>();
  const until = performance.now() + waitMs;
  for (;;) {
    await look(target, wanted, ends);
    progress(ends.size);
    if (ends.size >= wanted.size || performance.now() >= until) return ends;
    await pause(Math.min(POLL_MS, Math.max(0, until - performance.now())));
  }
}

async function look(target: QueueTarget, wanted: ReadonlySet<string>, ends: Map<string, SubmissionEnd>): Promise<void> {
  if (target.local) {
    const [only] = wanted;
    const filter = wanted.size === 1 && only !== undefined ? `&id=${encodeURIComponent(only)}` : '';
    const response = await fetch(`${target.local.console}/api/accepted?raw=false${filter}`);
    if (!response.ok) throw new Error(`/api/accepted answers ${response.status}`);
    for (const { submissionId, provider, providerMessageId } of (await response.json()) as Accepted[]) {
      if (submissionId === undefined || !wanted.has(submissionId)) continue;
      ends.set(submissionId, { kind: 'accepted', provider, ...defined({ providerMessageId }) });
    }
    if (ends.size >= wanted.size) return;
    for (const id of await suppressed(target.local.console, only, wanted.size))
      if (wanted.has(id) && !ends.has(id)) ends.set(id, { kind: 'suppressed' });
  }
  if (target.deadLetterUrl === undefined) return;
  for (const message of await peek(target.sqs, target.deadLetterUrl)) {
    const attribute = (name: string) => message.MessageAttributes?.[name]?.StringValue;
    const id = [attribute('SubmissionId'), idIn(message.Body)].find(
      (known) => known !== undefined && wanted.has(known),
    );
    if (id === undefined || ends.has(id)) continue;
    const detail = attribute('Detail');
    const attempts = attribute('Attempts');
    ends.set(id, {
      kind: 'dead-letter',
      reason: attribute('Reason') ?? 'moved there by SQS after repeated crashes',
      ...defined({ detail, attempts: attempts === undefined ? undefined : Number(attempts) }),
    });
  }
}

/**
 * Returns, by provider key, the number of messages in each retry queue that is not empty. A submission that waits is in one of
 * these queues.
 */
export async function waiting(target: QueueTarget): Promise<Readonly<Record<string, number>>> {
  const queues = Object.entries(target.local?.retryUrls ?? {});
  const depths = await Promise.all(queues.map(async ([key, url]) => [key, await depth(target.sqs, url)] as const));
  return Object.fromEntries(depths.filter(([, messages]) => messages > 0));
}

/**
 * Returns the ids of the newest submissions that ended because all their recipients are suppressed. If only one submission is
 * followed, returns at most its id.
 */
async function suppressed(base: string, only: string | undefined, followed: number): Promise<readonly string[]> {
  if (followed > 1 || only === undefined) {
    const list = await fetch(`${base}/api/submissions?state=suppressed&limit=1000`);
    return list.ok ? ((await list.json()) as { id: string }[]).map(({ id }) => id) : [];
  }
  const found = await fetch(`${base}/api/submissions/${only.split('/').map(encodeURIComponent).join('/')}`);
  return found.ok && ((await found.json()) as { state?: string }).state === 'suppressed' ? [only] : [];
}

// Returns the id from a message body. It is needed for a dead letter that SQS itself moved, which does not have the attribute
// SubmissionId.
function idIn(body: string | undefined): string | undefined {
  try {
    const { id } = JSON.parse(body ?? '') as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
