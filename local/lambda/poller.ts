import { setTimeout as delay } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { LocalQueue, LocalQueues } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import type { DeployedMapping } from '../template/deployed.ts';
import type { Pool } from './pool.ts';
import { failedMessages, sqsRecord } from './sqs-event.ts';
import { invocationsBefore, LOOP_LIMIT } from './trace.ts';

/** Largest number of messages of one receive; SQS allows no more. */
const RECEIVE_LIMIT = 10;
const LONG_POLL_SECONDS = 20;
const MIN_HOLD_MS = 20;
/** Pause after a receive that failed because of a fault. */
const FAULT_PAUSE_MS = 200;

/** A running event source mapping: receives batches, invokes the function, deletes processed messages. */
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

  /** Stops receiving; batches in flight continue until the pool ends their processes. */
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
      // The next batch is received only when this batch has a process, so that messages wait on the queue.
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

  /** Invokes the function with a batch; if that fails, the batch comes back after its visibility time-out. */
  async #process(batch: readonly SQSRecord[], started: () => void): Promise<void> {
    const event: SQSEvent = { Records: [...batch] };
    const causes = batch.map(({ attributes }) => attributes.AWSTraceHeader);
    // Recursive loop detection: Lambda refuses the invocation without a log line; the receive counts.
    if (!this.#pool.target.allowsLoops && Math.max(...causes.map(invocationsBefore)) >= LOOP_LIMIT) return started();
    const handles = batch.map(({ receiptHandle }) => receiptHandle);
    const holding = setInterval(() => this.#queue.hold(handles), Math.max(MIN_HOLD_MS, this.#queue.visibilityMs / 3));
    try {
      const answer = await this.#pool.invoke(event, started, causes);
      const failed = this.#mapping.reportsBatchItemFailures ? failedMessages(answer, batch) : new Set<string>();
      if (await this.#fails('DeleteMessageBatch', 'DeleteMessage')) return;
      for (const { messageId, receiptHandle } of batch) {
        if (!failed.has(messageId)) this.#queue.deleteMessage(receiptHandle);
      }
    } catch {
      // The process has logged the error; Lambda itself also reports it in the log only.
    } finally {
      clearInterval(holding);
      started();
    }
  }

  /** Whether a fault applies to one of Lambda's own SQS calls. */
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
