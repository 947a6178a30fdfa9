import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import { retryConcurrencyOf } from '../../lib/retry-concurrency.ts';
import { Faults, type Window } from '../faults/plan.ts';
import { OUTBOUND_BYTES } from '../mails.ts';
import type { Chronicle } from '../oracle/chronicle.ts';
import { type Handler, SimulatedLambda } from './lambda.ts';
import { SimulatedObjects } from './objects.ts';
import { SimulatedProvider } from './provider.ts';
import { SimulatedQueue } from './queue.ts';
import { Random } from './random.ts';
import { SimulatedTable } from './table.ts';
import type { Timeline } from './timeline.ts';
import type { Answer, Worker } from './worker.ts';

/** The deployment, as `lib/` would make it; a test holds the two against each other. */
export const DEPLOYMENT = {
  functionTimeoutMs: 60_000,
  visibilityMs: 360_000,
  outboundRetentionMs: 4 * 24 * 3_600_000,
  retryRetentionMs: 14 * 24 * 3_600_000,
  maxReceiveCount: 20,
  outboundConcurrency: 50,
  maxMessageBytes: 1_048_576,
  allowsLoops: true,
} as const;

export interface WorldOptions {
  readonly seed: number;
  readonly providers: readonly ProviderConfig[];
  readonly windows: readonly Window[];
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  /** Sets up the code of a process. */
  readonly load: (worker: Worker, world: World) => Handler;
  /**
   * Recursive loop detection of Lambda is off.
   * @default - as deployed
   */
  readonly allowsLoops?: boolean | undefined;
}

/** Everything outside of the handler, in one place and from one seed. */
export class World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  readonly faults: Faults;
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly providers: ReadonlyMap<string, SimulatedProvider>;
  readonly table: SimulatedTable;
  readonly objects: SimulatedObjects;
  readonly lambda: SimulatedLambda;
  readonly environment: SenderEnvironment;
  private readonly sendDraws: Random;

  constructor({ seed, providers, windows, timeline, chronicle, load, allowsLoops }: WorldOptions) {
    this.seed = seed;
    this.timeline = timeline;
    this.chronicle = chronicle;
    this.faults = new Faults(windows, () => timeline.now);
    this.sendDraws = this.random('queue calls');
    const keys = providers.map(({ key }) => key);
    this.queues = this.makeQueues(keys);
    this.providers = new Map(
      providers.map((config) => [
        config.key,
        new SimulatedProvider(config, timeline, this.faults, this.random(`provider ${config.key}`), chronicle),
      ]),
    );
    this.table = new SimulatedTable(timeline, this.faults, this.random('table'), chronicle);
    this.objects = new SimulatedObjects(this.faults, this.random('objects'));
    this.environment = {
      providers,
      outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
      letterSecret: 'letters',
      deadLetterQueueUrl: 'dead-letter',
      eventsQueueUrl: 'events',
      retryQueueUrls: Object.fromEntries(keys.map((key) => [key, `retry-${key}`])),
      mailBucket: 'mail',
      stateTable: 'state',
      maxReceiveCount: DEPLOYMENT.maxReceiveCount,
    };
    this.lambda = new SimulatedLambda(
      {
        timeoutMs: DEPLOYMENT.functionTimeoutMs,
        allowsLoops: allowsLoops ?? DEPLOYMENT.allowsLoops,
        load: (worker) => load(worker, this),
        began: (worker, batch) => chronicle.began(worker, batch),
        ended: (worker, batch, killed) => chronicle.ended(worker, batch, killed),
      },
      timeline,
      this.faults,
      this.random('lambda'),
    );
    this.lambda.consume(this.queue('outbound'), DEPLOYMENT.outboundConcurrency);
    for (const key of keys) this.lambda.consume(this.queue(`retry-${key}`), retryConcurrencyOf(providers));
  }

  random(name: string): Random {
    return new Random(this.seed, name);
  }

  queue(name: string): SimulatedQueue {
    const queue = this.queues.get(name);
    if (!queue) throw new Error(`there is no queue ${name}`);
    return queue;
  }

  /** Messages that are still on their way. */
  get waiting(): number {
    let waiting = 0;
    for (const [name, { size }] of this.queues) if (name !== 'dead-letter' && name !== 'events') waiting += size;
    return waiting;
  }

  /** A producer sends; it is not always told the truth about what came of it. */
  submit(body: string): void {
    const outbound = this.queue('outbound');
    const draws = this.random(`submit ${this.chronicle.attempted}`);
    this.chronicle.attempted += 1;
    const failing = this.faults.strikes('sqs-errors', draws);
    if (failing && draws.chance(0.5)) return;
    const id = outbound.send(body, {});
    if (!failing) this.chronicle.acknowledged({ id, body, attributes: {} });
  }

  /** SQS as one process reaches it. */
  queuesOf(worker: Worker): Queue {
    const draws = this.sendDraws;
    return {
      send: (url, body, attributes = {}, delaySeconds = 0) =>
        worker.request('queue.send', draws.between(2, 15), (): Answer<void> => {
          const failing = this.faults.strikes('sqs-errors', draws) ? draws.int(3) : undefined;
          const error = Object.assign(new Error('the simulated queue failed'), { name: 'ServiceUnavailable' });
          // Not taken, and said so; taken, and said not; or taken twice, since the SDK tried again after a lost answer.
          if (failing === 0) return { afterMs: draws.between(5, 3_000), error };
          try {
            const put = () => this.queue(url).send(body, attributes, delaySeconds, worker.invocations);
            put();
            if (failing === 2) put();
          } catch (refusal) {
            return { afterMs: draws.between(2, 10), error: refusal as Error };
          }
          if (failing === 1) return { afterMs: draws.between(5, 3_000), error };
          return { afterMs: draws.between(2, 15), value: undefined };
        }),
    };
  }

  private makeQueues(keys: readonly string[]): Map<string, SimulatedQueue> {
    const { timeline, chronicle, faults } = this;
    const { visibilityMs, outboundRetentionMs, retryRetentionMs, maxReceiveCount, maxMessageBytes } = DEPLOYMENT;
    const make = (name: string, retentionMs: number, maxBytes: number, to?: SimulatedQueue) =>
      new SimulatedQueue(
        { name, retentionMs, visibilityMs, maxBytes, ...(to && { redrive: { maxReceiveCount, to } }) },
        timeline,
        faults,
        this.random(`queue ${name}`),
        chronicle,
      );
    const dead = make('dead-letter', retryRetentionMs, maxMessageBytes);
    return new Map([
      ['dead-letter', dead],
      ['events', make('events', retryRetentionMs, maxMessageBytes)],
      ['outbound', make('outbound', outboundRetentionMs, OUTBOUND_BYTES, dead)],
      ...keys.map((key): [string, SimulatedQueue] => [
        `retry-${key}`,
        make(`retry-${key}`, retryRetentionMs, maxMessageBytes, dead),
      ]),
    ]);
  }
}
