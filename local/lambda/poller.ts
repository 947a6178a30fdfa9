import { setTimeout as delay } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { type LocalQueue, type LocalQueues, RECEIVE_LIMIT } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import type { DeployedMapping } from '../template/deployed.ts';
import type { Pool } from './pool.ts';
import { failedMessages, sqsRecord } from './sqs-event.ts';
import { invocationsBefore, LOOP_LIMIT } from './trace.ts';

const LONG_POLL_SECONDS = 20;
/** Shortest interval between two extensions of the visibility time-out of a batch, in milliseconds. */
const MIN_EXTENSION_MS = 20;
/** Pause in milliseconds after a receive that failed because of a simulated fault. */
const FAULT_PAUSE_MS = 200;

/**
 * A running event source mapping. It receives batches from a queue, invokes the function with each batch, and deletes processed
 * messages.
 */
export class Poller {
  readonly #mapping: DeployedMapping;
  readonly #queue: LocalQueue;
  readonly #queues: LocalQueues;
  readonly #pool: Pool;
  readonly #faults: FaultBoard;
  readonly #clock: StackClock;
  readonly #concurrency: number;
  readonly #running: Promise<void>;
  #inFlight = 0;
  #freed = Promise.withResolvers<void>();
  readonly #ending = new AbortController();

  constructor(options: {
    readonly mapping: DeployedMapping;
    readonly queue: LocalQueue;
    readonly queues: LocalQueues;
    readonly pool: Pool;
    readonly faults: FaultBoard;
    readonly clock: StackClock;
  }) {
    this.#mapping = options.mapping;
    this.#queue = options.queue;
    this.#queues = options.queues;
    this.#pool = options.pool;
    this.#faults = options.faults;
    this.#clock = options.clock;
    this.#concurrency = options.mapping.maximumConcurrency ?? Number.POSITIVE_INFINITY;
    this.#running = this.#run();
  }

  /** Stops receiving messages. Batches in progress continue until the function's processes are ended. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#freed.resolve();
    this.#queue.cancelWaiters();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      if (this.#inFlight >= this.#concurrency) {
        await this.#freed.promise;
        continue;
      }
      const batch = await this.#collect();
      if (batch.length === 0) continue;
      this.#inFlight += 1;
      const started = Promise.withResolvers<void>();
      void this.#process(batch, started.resolve).finally(() => {
        this.#inFlight -= 1;
        this.#freed.resolve();
        this.#freed = Promise.withResolvers();
      });
      // The next batch is received only after a process has started with this batch. Until then further messages stay on the
      // queue.
      await started.promise;
    }
  }

  async #collect(): Promise<SQSRecord[]> {
    const batch = await this.#receive(this.#mapping.batchSize, LONG_POLL_SECONDS);
    const until = Date.now() + (this.#mapping.windowSeconds * 1000) / this.#clock.scale;
    while (batch.length > 0 && batch.length < this.#mapping.batchSize && !this.#ending.signal.aborted) {
      const left = until - Date.now();
      if (left <= 0) break;
      batch.push(...(await this.#receive(this.#mapping.batchSize - batch.length, left / 1000)));
    }
    return batch;
  }

  async #receive(count: number, waitSeconds: number): Promise<SQSRecord[]> {
    if (await this.#fails('ReceiveMessage')) {
      await this.#pause(FAULT_PAUSE_MS);
      return [];
    }
    let received = this.#dequeue(count);
    if (received.length === 0) {
      await this.#queue.waitForMessages(waitSeconds);
      if (!this.#ending.signal.aborted) received = this.#dequeue(count);
    }
    return received;
  }

  #dequeue(count: number): SQSRecord[] {
    const received = this.#queue.dequeue(Math.min(count, RECEIVE_LIMIT), undefined, (arn) =>
      this.#queues.getQueueByArn(arn),
    );
    return received.flatMap((message) => {
      const entry = this.#queue.inflightMessages.get(message.ReceiptHandle);
      return entry ? [sqsRecord(message, entry.message, this.#queue.arn)] : [];
    });
  }

  /**
   * Invokes the function with a batch. If the invocation fails, the messages become visible again after the visibility time-out.
   */
  async #process(batch: readonly SQSRecord[], started: () => void): Promise<void> {
    const event: SQSEvent = { Records: [...batch] };
    const causes = batch.map(({ attributes }) => attributes.AWSTraceHeader);
    // Recursive loop detection: Lambda refuses the invocation without a log line. The receive counts of the messages have already
    // increased.
    if (!this.#pool.target.allowsLoops && Math.max(...causes.map(invocationsBefore)) >= LOOP_LIMIT) return started();
    const handles = batch.map(({ receiptHandle }) => receiptHandle);
    const extending = setInterval(
      () => this.#queue.hold(handles),
      Math.max(MIN_EXTENSION_MS, this.#queue.visibilityMs / 3),
    );
    try {
      const answer = await this.#pool.invoke(event, started, causes);
      const failed = this.#mapping.reportsBatchItemFailures ? failedMessages(answer, batch) : new Set<string>();
      if (await this.#fails('DeleteMessageBatch', 'DeleteMessage')) return;
      for (const { messageId, receiptHandle } of batch) {
        if (!failed.has(messageId)) this.#queue.deleteMessage(receiptHandle);
      }
    } catch {
      // The process has already logged the error. On AWS, too, such an error is only in the log of the function.
    } finally {
      clearInterval(extending);
      started();
    }
  }

  /** Whether a simulated fault makes one of these SQS calls fail. On AWS the Lambda service itself makes these calls. */
  async #fails(...operations: string[]): Promise<boolean> {
    for (const operation of operations) {
      const fault = this.#faults.match(AWS_SCOPE, { service: 'sqs', operation });
      if (fault === undefined) continue;
      if (fault.delayMs) await this.#pause(fault.delayMs);
      return fault.error !== undefined;
    }
    return false;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}
