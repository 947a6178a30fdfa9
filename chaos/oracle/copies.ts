import type { QueueMessage } from '../world/queue.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import { named, type Story, time } from './story.ts';

/** One invocation, which identifies the messages that it sends. */
interface Invocation {
  readonly number: number;
  readonly batch: readonly QueueMessage[];
  readonly wrote: Set<Story>;
}

/** Messages that may still continue a submission. */
interface Line {
  /** Invocations whose messages were claimed: copies of these may follow. */
  taken: Set<number>;
  /** Invocations that claimed one of these: the message of any of them may be the remaining one. */
  open: Set<number>;
}

/** Checks that a submission has one line of messages, however often SQS delivers them: when a later message is claimed, copies end. */
export class Copies {
  readonly violations = new Map<Story, string>();
  private count = 0;
  private readonly invocations = new WeakMap<SimulatedWorker, Invocation>();
  /**
   * The invocation that last wrote to the ledger before a message was sent to a retry queue, by the id of the message.
   */
  private readonly signers = new Map<string, number>();
  /** Submissions with two different messages in one batch. */
  private readonly unclear = new WeakSet<Story>();
  private readonly lines = new WeakMap<Story, Line>();

  began(worker: SimulatedWorker, batch: readonly QueueMessage[]): void {
    this.count += 1;
    this.invocations.set(worker, { number: this.count, batch, wrote: new Set() });
  }

  /** A process has written to the ledger for a submission: its message is claimed. */
  written(worker: SimulatedWorker, story: Story, now: number): void {
    const invocation = this.invocations.get(worker);
    if (!invocation || invocation.wrote.has(story)) return;
    invocation.wrote.add(story);
    const message = this.messageOf(invocation, story);
    if (!message) this.unclear.add(story);
    if (!message || this.unclear.has(story)) return;
    const line = this.lines.get(story) ?? { taken: new Set(), open: new Set() };
    this.lines.set(story, line);
    const signer = this.signers.get(message.id);
    if (signer !== undefined && line.open.has(signer)) {
      line.taken = new Set([signer]);
      line.open = new Set();
    } else if (signer !== undefined && !line.taken.has(signer) && !this.violations.has(story))
      this.violations.set(
        story,
        `circulates twice: ${named(story)}: ${worker.name} claimed at ${time(now)} a message that a later one had replaced`,
      );
    line.open.add(invocation.number);
  }

  /** A message was sent to a retry queue. */
  sent(worker: SimulatedWorker, story: Story, id: string): void {
    const invocation = this.invocations.get(worker);
    if (!invocation) return;
    const from = this.messageOf(invocation, story);
    // One of two copies in a batch may have had nothing to write: which of them this message replaces is not known.
    if (invocation.batch.filter(({ body }) => body === story.mail.body).length > 1) {
      this.unclear.add(story);
      return;
    }
    const signer = invocation.wrote.has(story) ? invocation.number : from && this.signers.get(from.id);
    if (signer !== undefined) this.signers.set(id, signer);
  }

  /** The message of a submission in an invocation; undefined if it has two that are no copies of each other. */
  private messageOf({ batch }: Invocation, { mail: { body } }: Story): QueueMessage | undefined {
    const [first, ...others] = batch.filter((one) => one.body === body);
    return others.every(({ id }) => id === first?.id) ? first : undefined;
  }
}
