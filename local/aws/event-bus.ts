import type { DeployedPipe } from '../template/pipes.ts';
import { jsonObject } from './json-object.ts';
import type { LocalQueue, LocalQueues } from './queue.ts';

/** An event on an event bus, in the form in which a rule of the bus would get the event. */
export interface BusEvent {
  readonly bus: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: object;
  /** Real time at which the event was put on the bus, in ISO 8601. */
  readonly time: string;
}

const LONG_POLL_SECONDS = 20;
/** Largest number of stored events. If there are more events, the oldest event is deleted. */
const KEPT = 10_000;

/** Events that the EventBridge pipes of the template have put on event buses. */
export class LocalEventBuses {
  readonly #events: BusEvent[] = [];

  get events(): readonly BusEvent[] {
    return this.#events;
  }

  clear(): void {
    this.#events.length = 0;
  }

  /**
   * Puts one message of a queue on the event bus. Returns false if EventBridge would refuse the message: the body of the message
   * is not a JSON object, or the body has no field with the detail type.
   */
  put({ bus, source, typeField }: DeployedPipe, body: string): boolean {
    const detail = jsonObject(body);
    const type = detail?.[typeField];
    if (detail === undefined || typeof type !== 'string') return false;
    this.#events.push({ bus, source, 'detail-type': type, detail, time: new Date().toISOString() });
    if (this.#events.length > KEPT) this.#events.shift();
    return true;
  }
}

/**
 * Runs an EventBridge pipe until the returned function is called. A message that the event bus refuses becomes visible on the
 * queue again after the visibility time-out.
 */
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
