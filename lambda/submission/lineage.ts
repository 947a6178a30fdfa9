/**
 * The queue messages that may continue a submission. Each of these messages may be the only message of the submission that still
 * exists.
 *
 * SQS can deliver a message twice, even after the message was deleted. If a worker is killed, its message is delivered again,
 * even if the worker had already sent the next message of the submission (the successor) to the next queue. Without the lineage,
 * each such copy of a message would circulate through the retry queues separately, and further copies could appear. If another
 * message has certainly replaced a copy, the copy is not in the lineage, and is not processed further. As long as the submission
 * is open, one of two conditions is always true: the lineage contains at least one message that is still on a queue, or a message
 * without a token is still on a queue.
 */
export interface Lineage {
  /**
   * Tokens of the messages that workers have claimed. A token is the id that a worker puts into the attributes of its successor.
   * For a message without a token, the list contains the SQS message id. Each of these messages may be delivered again, or may
   * have been deleted.
   */
  readonly taken: readonly string[];
  /**
   * Ids of the workers that claimed the messages in `taken`. Each of these workers may have sent a successor whose token is the
   * id of the worker. This successor may be the only message of the submission that still exists.
   */
  readonly workers: readonly string[];
}

/**
 * Largest number of tokens and workers together in one lineage. If a lineage has more, `unknown` is stored in its place. Then
 * every queue message of the submission may continue the submission.
 */
const MOST = 32;

/** Lineage of a submission that no worker has claimed yet. */
export const NOTHING_TAKEN: Lineage = { taken: [], workers: [] };

/** Identity of a queue message: its token (`signature`), or its SQS message id if it has no token. */
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
 * If the token of the message is in `workers`, no worker has claimed this message before. Therefore it was not deleted, and the
 * other messages of the submission are no longer needed. The new lineage then contains only the token of the message and `owner`.
 * Any other message may have been claimed and deleted by a worker that has sent a successor, and this successor may still be on a
 * queue. Therefore the earlier lineage is kept, and the message and `owner` are added.
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
