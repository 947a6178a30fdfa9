/**
 * Messages on the queues that may be the one that continues a submission.
 *
 * SQS can deliver a message twice or lose its deletion, and the message of a killed worker returns after that worker sent
 * its successor to the next queue. Each such copy would circulate through the retry queues on its own, and be copied in
 * turn. The lineage separates copies that have certainly been replaced by another message from those that may be the only
 * one left: at any time it names an undeleted message, or there is one without a token.
 */
export interface Lineage {
  /** Tokens of the messages that workers have claimed: each of these may be delivered again, and each may be deleted. */
  readonly taken: readonly string[];
  /** Workers that claimed them: each may have sent a successor, which then may be the only message left. */
  readonly workers: readonly string[];
}

/**
 * Largest number of tokens and workers of one lineage; beyond that it is `unknown`, and every copy may continue the
 * submission.
 */
const MOST = 32;

/** Lineage of a submission that was never claimed. */
export const NOTHING_TAKEN: Lineage = { taken: [], workers: [] };

/** Identity of a message: its token, or its own id if it has none. */
export interface Named {
  readonly signature?: string | undefined;
  readonly messageId: string;
}

/** Whether the message has certainly been replaced by another one; always false without a token. */
export function isReplaced({ signature }: Named, lineage: Lineage | 'unknown'): boolean {
  if (lineage === 'unknown' || signature === undefined) return false;
  return !lineage.taken.includes(signature) && !lineage.workers.includes(signature);
}

/**
 * The lineage after `owner` has claimed a message.
 *
 * A successor that was never claimed before is undeleted, so it and `owner` replace all others. Any other message may
 * have been deleted by a worker whose successor is on a queue, so all others stay.
 *
 * @param before - if `unknown`, it stays unknown
 */
export function takenUp(message: Named, owner: string, before: Lineage | 'unknown'): Lineage | 'unknown' {
  if (before === 'unknown') return before;
  const name = message.signature ?? message.messageId;
  if (before.workers.includes(name)) return { taken: [name], workers: [owner] };
  const taken = [...new Set([...before.taken, name])];
  const workers = [...new Set([...before.workers, owner])];
  return taken.length + workers.length > MOST ? 'unknown' : { taken, workers };
}
