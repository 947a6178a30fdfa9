/**
 * The queue messages of a submission that may continue the submission. Each of them may be the only message of the submission
 * that still exists.
 *
 * SQS can deliver a message twice or lose its deletion. If a worker is killed, its message is delivered again, even if the worker
 * had already sent the next message of the submission (the successor) to the next queue. Without the lineage each such copy of
 * the message would circulate through the retry queues separately, and further copies of it could appear. A copy that another
 * message has certainly replaced is not in the lineage, and is not processed further. At any time the lineage names at least one
 * message that is still on a queue, or a message without a token is still on a queue.
 */
export interface Lineage {
  /**
   * Tokens of the messages that workers have claimed; the SQS message id for a message without a token. Each of these messages
   * may be delivered again, or may have been deleted.
   */
  readonly taken: readonly string[];
  /**
   * Ids of the workers that claimed the messages in `taken`. Each worker may have sent a successor, with the id of the worker as
   * its token. This successor may be the only message of the submission that still exists.
   */
  readonly workers: readonly string[];
}

/**
 * Largest number of tokens and workers together in one lineage. A lineage with more is stored as `unknown`. Then every queue
 * message of the submission may continue the submission.
 */
const MOST = 32;

/** Lineage of a submission that no worker has claimed yet. */
export const NOTHING_TAKEN: Lineage = { taken: [], workers: [] };

/** Identity of a queue message: its token, or its SQS message id if it has no token. */
export interface Named {
  readonly signature?: string | undefined;
  readonly messageId: string;
}

/** Returns whether another message has certainly replaced a message; always false for a message without a token. */
export function isReplaced({ signature }: Named, lineage: Lineage | 'unknown'): boolean {
  if (lineage === 'unknown' || signature === undefined) return false;
  return !lineage.taken.includes(signature) && !lineage.workers.includes(signature);
}

/**
 * Returns the lineage after the worker `owner` has claimed a message.
 *
 * A message whose token is in `workers` was never claimed before, so this message was not deleted. The new lineage then contains
 * only the token of the message and `owner`. Any other message may have been claimed and deleted by a worker that has sent a
 * successor, and this successor may still be on a queue. Therefore the earlier lineage is kept, and the message and `owner` are
 * added.
 *
 * @param before - the lineage before the claim; if `unknown`, the result is `unknown`
 */
export function takenUp(message: Named, owner: string, before: Lineage | 'unknown'): Lineage | 'unknown' {
  if (before === 'unknown') return before;
  const name = message.signature ?? message.messageId;
  if (before.workers.includes(name)) return { taken: [name], workers: [owner] };
  const taken = [...new Set([...before.taken, name])];
  const workers = [...new Set([...before.workers, owner])];
  return taken.length + workers.length > MOST ? 'unknown' : { taken, workers };
}
