import type { DeployedPipe } from '../template/pipes.ts';
import type { LocalQueue, LocalQueues } from './queue.ts';

/** An event as a rule of the bus would get it. */
export interface BusEvent {
  readonly bus: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: object;
  /** ISO time. */
  readonly time: string;
}

const LONG_POLL_SECONDS = 20;
/** Number of events that are kept; the oldest are forgotten first. */
const KEPT = 10_000;

/** The event buses: what the pipes of the template put on them. */
export class LocalEventBuses {
  readonly #events: BusEvent[] = [];

  get events(): readonly BusEvent[] {
    return this.#events;
  }

  clear(): void {
    this.#events.length = 0;
  }

  /** Puts one message of a queue on the bus; false if EventBridge would refuse it, since it is no JSON object. */
  put({ bus, source, typeField }: DeployedPipe, body: string): boolean {
    const detail = objectIn(body);
    const type = detail?.[typeField];
    if (detail === undefined || typeof type !== 'string') return false;
    this.#events.push({ bus, source, 'detail-type': type, detail, time: new Date().toISOString() });
    if (this.#events.length > KEPT) this.#events.shift();
    return true;
  }
}

/** Runs a pipe until the returned function is called; what its bus refuses is visible again after the queue's time-out. */
export function runPipe(pipe: DeployedPipe, queue: LocalQueue, queues: LocalQueues, buses: LocalEventBuses) {
  let isEnding = false;
  const run = async (): Promise<void> => {
    while (!isEnding) {
      const batch = queue.dequeue(pipe.batchSize, undefined, (arn) => queues.getQueueByArn(arn));
      if (batch.length === 0) await queue.waitForMessages(LONG_POLL_SECONDS);
      for (const { Body, ReceiptHandle } of batch) if (buses.put(pipe, Body)) queue.deleteMessage(ReceiptHandle);
    }
  };
  const running = run();
  return async (): Promise<void> => {
    isEnding = true;
    queue.cancelWaiters();
    await running;
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
