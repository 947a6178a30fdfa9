import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { defined } from '../../lambda/platform/defined.ts';
import type { Faults } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { QueueMessage, SimulatedQueue } from './queue.ts';
import type { Timeline } from './timeline.ts';
import { type AwaitPoint, type ReleaseName, SimulatedWorker } from './worker.ts';

/** A Lambda handler that runs in one process. */
export type Handler = (records: readonly SQSRecord[], remainingMs: () => number) => Promise<SQSBatchResponse>;

export interface LambdaOptions {
  readonly timeoutMs: number;
  /** Whether recursive loop detection is off. */
  readonly allowsLoops: boolean;
  /** Sets up the code of the process's release in a new process. */
  readonly load: (worker: SimulatedWorker) => Handler;
  /** Called at the start of an invocation. */
  readonly began: (worker: SimulatedWorker, batch: readonly QueueMessage[]) => void;
  /** Called at the end of an invocation. For `killed`, see `ended` of `WorldWatcher`. */
  readonly ended: (worker: SimulatedWorker, batch: readonly QueueMessage[], killed?: string) => void;
}

const BATCH = 10;

/**
 * Number of invocations in one chain after which Lambda refuses the next invocation (Lambda developer guide, recursive loop
 * detection, 2026-11-28).
 */
const LOOP_LIMIT = 16;
/** Idle time of a process, in milliseconds, up to which the open connections of the process certainly still work. */
const KEPT_ALIVE_MS = 60_000;

interface Running {
  readonly batch: readonly QueueMessage[];
  readonly done: (response: SQSBatchResponse | undefined, killed?: string) => void;
}

/** The simulated sender function, with its warm processes and its event source mappings. */
export class SimulatedLambda {
  private readonly options: LambdaOptions;
  private readonly timeline: Timeline;
  private readonly faults: Faults;
  private readonly random: Random;
  private idle: { readonly worker: SimulatedWorker; readonly handler: Handler; readonly since: number }[] = [];
  /** Processes from before a deployment: they finish their current batch and get no further batch. */
  private readonly old = new WeakSet<SimulatedWorker>();
  private readonly running = new Map<SimulatedWorker, Running>();
  private started = 0;
  /** Number of processes killed at each await point. */
  readonly kills = new Map<string, number>();
  invocations = 0;
  /** Recent average number of await points in an invocation. Kills are spread at random over twice this number of await points. */
  private typicalPoints = 40;

  constructor(options: LambdaOptions, timeline: Timeline, faults: Faults, random: Random) {
    this.options = options;
    this.timeline = timeline;
    this.faults = faults;
    this.random = random;
  }

  /**
   * Adds an event source mapping with batches of up to ten messages, partial batch responses, and at most `concurrency`
   * invocations at the same time.
   */
  consume(queue: SimulatedQueue, concurrency: number): void {
    let busy = 0;
    let asked = false;
    const ask = (ms: number) => {
      if (asked || busy >= concurrency || queue.readyCount === 0) return;
      asked = true;
      this.timeline.after(ms, () => {
        asked = false;
        const batch = busy < concurrency ? queue.receive(BATCH) : [];
        if (batch.length > 0) {
          busy += 1;
          this.invoke(queue, batch, () => {
            busy -= 1;
            ask(1);
          });
        }
        ask(1);
      });
    };
    queue.onReady = () => ask(this.random.between(5, 60));
  }

  private invoke(queue: SimulatedQueue, batch: readonly QueueMessage[], free: () => void): void {
    const before = Math.max(...batch.map(({ invocations }) => invocations));
    // Lambda refuses the invocation: the messages count as received, and become visible again after the visibility time-out.
    if (!this.options.allowsLoops && before >= LOOP_LIMIT) {
      free();
      return;
    }
    this.invocations += 1;
    const receipts = batch.map(({ receipt }) => receipt);
    const { worker, handler } = this.process();
    worker.invocations = before + 1;
    this.options.began(worker, batch);
    const limit = worker.clock.now() + this.options.timeoutMs;
    const over = this.timeoutOf(worker);
    this.running.set(worker, {
      batch,
      done: (response, killed) => {
        this.running.delete(worker);
        over.ended = true;
        this.options.ended(worker, batch, killed);
        if (response) {
          worker.freeze();
          this.typicalPoints = 0.98 * this.typicalPoints + 0.02 * worker.passed;
          if (this.old.has(worker)) worker.alive = false;
          else this.idle.push({ worker, handler, since: this.timeline.now });
          const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
          batch.forEach((message, place) => {
            if (!failed.has(message.id)) queue.delete(message, receipts[place] as number);
          });
        }
        free();
      },
    });
    worker.thaw(this.faults.applies('kill', this.random) ? 1 + this.random.int(2 * this.typicalPoints) : undefined);
    this.timeline.wake();
    // The remaining time of the invocation is measured with the process's own clock, as in Lambda's runtime.
    handler(
      batch.map((message) => recordOf(queue, message)),
      () => limit - worker.clock.now(),
    ).then(
      (response) => worker.alive && this.running.get(worker)?.done(response),
      () => worker.alive && this.running.get(worker)?.done({ batchItemFailures: all(batch) }, 'threw'),
    );
  }

  /** Simulates a deployment: only new processes get further batches. */
  replaceProcesses(): void {
    for (const { worker } of this.idle) worker.alive = false;
    this.idle = [];
    for (const worker of this.running.keys()) this.old.add(worker);
  }

  /**
   * Schedules the kill of the process at the function's time-out. At random, also freezes the process for a while (fault `stall`)
   * or changes its clock (fault `clock-jump`).
   */
  private timeoutOf(worker: SimulatedWorker): { ended: boolean } {
    const over = { ended: false };
    this.timeline.after(this.options.timeoutMs, () => {
      if (!over.ended) worker.kill('time-out');
    });
    if (this.faults.applies('stall', this.random))
      this.timeline.after(this.random.scaled(1, 20_000), () => {
        if (over.ended || !worker.alive) return;
        worker.stalled = true;
        worker.freeze();
        this.timeline.after(this.random.scaled(1_000, 2 * this.options.timeoutMs), () => {
          if (!over.ended) worker.resume();
        });
      });
    if (this.faults.applies('clock-jump', this.random))
      this.timeline.after(this.random.scaled(1, 20_000), () => {
        worker.setClock(this.random.between(-600_000, 600_000));
      });
    return over;
  }

  /** Returns a warm process, or starts a new process if there is none. Ends processes that were idle for minutes. */
  private process(): { worker: SimulatedWorker; handler: Handler } {
    const release: ReleaseName = this.faults.applies('newer-release', this.random) ? 'newer' : 'current';
    const lifetime = this.random.between(300_000, 1_800_000);
    for (let place = this.idle.length - 1; place >= 0; place -= 1) {
      const one = this.idle[place];
      if (!one) continue;
      if (this.timeline.now - one.since > lifetime) {
        this.idle.splice(place, 1);
        one.worker.alive = false;
      } else if (one.worker.release === release) {
        this.idle.splice(place, 1);
        if (this.timeline.now - one.since > KEPT_ALIVE_MS && this.faults.applies('dead-sockets', this.random))
          one.worker.loseConnections();
        return one;
      }
    }
    this.started += 1;
    const skewMs = this.faults.applies('clock-skew', this.random)
      ? this.random.between(-600_000, 600_000)
      : this.random.between(-50, 50);
    const worker = new SimulatedWorker(`${release}-${this.started}`, release, skewMs, this.timeline, (dead, at) =>
      this.reportKill(dead, at),
    );
    return { worker, handler: this.options.load(worker) };
  }

  private reportKill(worker: SimulatedWorker, at: AwaitPoint | 'time-out'): void {
    this.kills.set(at, (this.kills.get(at) ?? 0) + 1);
    this.running.get(worker)?.done(undefined, at);
  }
}

function all(batch: readonly QueueMessage[]): SQSBatchResponse['batchItemFailures'] {
  return batch.map(({ id }) => ({ itemIdentifier: id }));
}

function recordOf({ options }: SimulatedQueue, message: QueueMessage): SQSRecord {
  return {
    messageId: message.id,
    receiptHandle: String(message.receipt),
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receives),
      SentTimestamp: String(Math.round(message.sentAt)),
      SenderId: 'simulation',
      ApproximateFirstReceiveTimestamp: String(Math.round(message.firstReceivedAt ?? message.sentAt)),
      ...defined({ MessageGroupId: message.group }),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, stringValue]) => [name, { dataType: 'String', stringValue }]),
    ),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${options.name}`,
    awsRegion: 'us-east-1',
  };
}
