import type { QueueMessage } from '../world/queue.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import { type History, named, time } from './history.ts';

/** One invocation of the sender. */
interface Invocation {
  readonly number: number;
  readonly batch: readonly QueueMessage[];
  readonly wrote: Set<History>;
}

/**
 * State of the check for one submission. It determines which queue messages of the submission a worker may still claim. The
 * signer of a message is the last invocation in the message's chain that wrote to the ledger before it sent a message.
 */
interface Line {
  /**
   * Number of the signer of the message that was claimed last; empty for the producer's message. SQS may deliver the claimed
   * message again.
   */
  taken: Set<number>;
  /**
   * Numbers of the invocations that claimed this message or a duplicate of it. Each of these invocations may send the next
   * message.
   */
  open: Set<number>;
}

/**
 * Checks that each queue message of a submission replaces the previous message, however often SQS delivers the messages. After a
 * worker has claimed a later message, no worker may claim an earlier message or a duplicate of it.
 */
export class Copies {
  readonly violations = new Map<History, string>();
  private count = 0;
  private readonly invocations = new WeakMap<SimulatedWorker, Invocation>();
  /** Number of the signer of each message to a retry queue, by the id of the message. */
  private readonly signers = new Map<string, number>();
  /** Submissions that had two different messages in one batch. These submissions are not checked. */
  private readonly unclear = new WeakSet<History>();
  private readonly lines = new WeakMap<History, Line>();

  began(worker: SimulatedWorker, batch: readonly QueueMessage[]): void {
    this.count += 1;
    this.invocations.set(worker, { number: this.count, batch, wrote: new Set() });
  }

  /** Called after a process wrote the record of a submission. With this write the process claimed the submission's message in its batch. */
  written(worker: SimulatedWorker, history: History, now: number): void {
    const invocation = this.invocations.get(worker);
    if (!invocation || invocation.wrote.has(history)) return;
    invocation.wrote.add(history);
    const message = this.messageOf(invocation, history);
    if (!message) this.unclear.add(history);
    if (!message || this.unclear.has(history)) return;
    const line = this.lines.get(history) ?? { taken: new Set(), open: new Set() };
    this.lines.set(history, line);
    const signer = this.signers.get(message.id);
    if (signer !== undefined && line.open.has(signer)) {
      line.taken = new Set([signer]);
      line.open = new Set();
    } else if (signer !== undefined && !line.taken.has(signer) && !this.violations.has(history))
      this.violations.set(
        history,
        `circulates twice: ${named(history)}: ${worker.name} claimed at ${time(now)} a message that a later one had replaced`,
      );
    line.open.add(invocation.number);
  }

  /** Called after a process sent a message to a retry queue. */
  sent(worker: SimulatedWorker, history: History, id: string): void {
    const invocation = this.invocations.get(worker);
    if (!invocation) return;
    const from = this.messageOf(invocation, history);
    // The batch contains two messages of the submission, and it is not known which of the two messages the new message replaces.
    if (invocation.batch.filter(({ body }) => body === history.mail.body).length > 1) {
      this.unclear.add(history);
      return;
    }
    const signer = invocation.wrote.has(history) ? invocation.number : from && this.signers.get(from.id);
    if (signer !== undefined) this.signers.set(id, signer);
  }

  /**
   * Returns the message of a submission in an invocation; undefined if the batch has no such message, or two such messages with
   * different ids.
   */
  private messageOf({ batch }: Invocation, { mail: { body } }: History): QueueMessage | undefined {
    const [first, ...others] = batch.filter((one) => one.body === body);
    return others.every(({ id }) => id === first?.id) ? first : undefined;
  }
}
