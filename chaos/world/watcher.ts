import type { ProviderWatcher } from './provider.ts';
import type { QueueMessage, QueueWatcher } from './queue.ts';
import type { TableWatcher } from './table.ts';
import type { SimulatedWorker } from './worker.ts';

export type SentMessage = Pick<QueueMessage, 'id' | 'body' | 'attributes' | 'group'>;

/** Observer of all events of the simulation, including events that the sender's code cannot observe. */
export interface WorldWatcher extends QueueWatcher, ProviderWatcher, TableWatcher {
  /** A producer tries to send a message to the outbound queue. */
  submitted(): void;
  /** The producer got the answer that its message is on the queue. */
  acknowledged(message: SentMessage): void;
  /**
   * An operator redrives a dead letter. The watcher must call `send`, which adds the dead letter to the outbound queue as a new
   * message.
   */
  redriven(deadLetter: SentMessage, send: () => void): void;
  /** A process added a message to a queue. */
  sent(worker: SimulatedWorker, queue: string, message: SentMessage, delayMs: number): void;
  /** A process received a batch. */
  began(worker: SimulatedWorker, batch: readonly QueueMessage[]): void;
  /**
   * An invocation has ended. `killed` is the await point at which the process was killed, `time-out` if it was killed at the
   * time-out of the function, or `threw` if the handler failed with an error; undefined if the handler returned a response.
   */
  ended(worker: SimulatedWorker, batch: readonly QueueMessage[], killed: string | undefined): void;
}
