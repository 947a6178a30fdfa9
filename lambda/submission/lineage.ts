/**
 * Which messages on the queues may be the one that carries a submission on.
 *
 * SQS hands out a message twice, or forgets that it was deleted, and a killed worker's message comes back after its
 * letter went out. Each such copy would go its own way through the retry queues for as long as the mail waits, and be
 * copied in its turn. The lineage tells the copies that another message has replaced for certain from those that may be
 * all that is left: there is always one undeleted message that it names, or one without a signature.
 */
export interface Lineage {
  /** Signatures of the messages that workers have taken up: each may come back, and each may be deleted by now. */
  readonly taken: readonly string[];
  /** The workers that took them up: each may have sent a letter, which then is the only one left. */
  readonly workers: readonly string[];
}

/** Copies and workers that one submission may have at a time; beyond that nothing is known, and every copy counts. */
const MOST = 32;

/** Of a submission that nobody has taken up. */
export const NOTHING_TAKEN: Lineage = { taken: [], workers: [] };

/** What names a message: its signature, or its own id for one that nobody signed. */
export interface Named {
  readonly signature?: string | undefined;
  readonly messageId: string;
}

/** Whether another message carries the submission on for certain; never so of a message without a signature. */
export function isReplaced({ signature }: Named, lineage: Lineage | undefined): boolean {
  if (!lineage || signature === undefined) return false;
  return !lineage.taken.includes(signature) && !lineage.workers.includes(signature);
}

/**
 * The lineage once `owner` has taken a message up.
 *
 * A letter that nobody took up before is alive, so it and `owner` replace all others. Any other message may have been
 * deleted by a worker whose letter is on its way, so that all stay.
 *
 * @param before - undefined where nothing is known, which stays so
 */
export function takenUp(message: Named, owner: string, before: Lineage | undefined): Lineage | undefined {
  if (!before) return undefined;
  const name = message.signature ?? message.messageId;
  if (before.workers.includes(name)) return { taken: [name], workers: [owner] };
  const taken = [...new Set([...before.taken, name])];
  const workers = [...new Set([...before.workers, owner])];
  return taken.length + workers.length > MOST ? undefined : { taken, workers };
}
