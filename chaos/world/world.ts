import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { Secret, Secrets } from '../../lambda/platform/secrets.ts';
import { retryConcurrencyOf } from '../../lib/configuration/retry-concurrency.ts';
import { Faults, type FaultWindow } from '../faults/plan.ts';
import { CLASSES } from '../mails/classes.ts';
import { OUTBOUND_BYTES } from '../mails/content.ts';
import type { Chronicle } from '../oracle/chronicle.ts';
import { type ListsSeam, SimulatedEvents } from './events.ts';
import { type Handler, SimulatedLambda } from './lambda.ts';
import { SimulatedObjects } from './objects.ts';
import { SimulatedProvider } from './provider.ts';
import { type QueueMessage, SimulatedQueue } from './queue.ts';
import { Random } from './random.ts';
import { SimulatedTable } from './table.ts';
import type { Timeline } from './timeline.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** Settings of the deployment, the same as in `lib/`; a test compares the two. */
export const DEPLOYMENT = {
  functionTimeoutMs: 60_000,
  visibilityMs: 360_000,
  outboundRetentionMs: 14 * 24 * 3_600_000,
  retryRetentionMs: 14 * 24 * 3_600_000,
  maxReceiveCount: 241,
  outboundConcurrency: 50,
  maxMessageBytes: 1_048_576,
  allowsLoops: true,
} as const;

/** All secrets of the simulation. */
export const SECRET = 'simulated';
/** Time that a process caches a secret. */
const SECRET_MS = 300_000;

export interface WorldOptions {
  readonly seed: number;
  readonly providers: readonly ProviderConfig[];
  readonly windows: readonly FaultWindow[];
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  /** Sets up the code of a process. */
  readonly load: (worker: SimulatedWorker, world: SimulatedWorld) => Handler;
  /** Changes the lists of the function for events. @default - none */
  readonly lists?: ListsSeam | undefined;
  /**
   * Recursive loop detection of Lambda is off.
   * @default - as deployed
   */
  readonly allowsLoops?: boolean | undefined;
}

/** Everything outside of the handler, from one seed. */
export class SimulatedWorld {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  readonly faults: Faults;
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly providers: ReadonlyMap<string, SimulatedProvider>;
  readonly table: SimulatedTable;
  readonly events: SimulatedEvents;
  readonly objects: SimulatedObjects;
  readonly lambda: SimulatedLambda;
  /** Environment of the current deployment. */
  environment: SenderEnvironment;
  private readonly sendDraws: Random;
  private readonly secretDraws: Random;

  constructor({ seed, providers, windows, timeline, chronicle, load, lists, allowsLoops }: WorldOptions) {
    this.seed = seed;
    this.timeline = timeline;
    this.chronicle = chronicle;
    this.faults = new Faults(windows, () => timeline.now);
    this.sendDraws = this.random('queue calls');
    this.secretDraws = this.random('secrets');
    const keys = providers.map(({ key }) => key);
    this.queues = this.makeQueues(keys);
    this.providers = new Map(
      providers.map((config) => [
        config.key,
        new SimulatedProvider(config, timeline, this.faults, this.random(`provider ${config.key}`), chronicle),
      ]),
    );
    this.table = new SimulatedTable(timeline, this.faults, this.random('table'), chronicle);
    this.events = new SimulatedEvents(timeline, this.faults, this.random('events'), this.table, lists);
    for (const provider of this.providers.values())
      provider.report = (...reported) => this.events.accepted(...reported);
    this.objects = new SimulatedObjects(this.faults, this.random('objects'));
    this.environment = {
      providers,
      outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
      proofSecret: 'proof-key',
      routes: CLASSES.flatMap(({ class: name, mails: _, pauses: __, ...route }) =>
        Object.keys(route).length > 0 ? [{ class: name, ...route }] : [],
      ),
      deadLetterQueueUrl: 'dead-letter',
      eventsQueueUrl: 'events',
      retryQueueUrls: Object.fromEntries(keys.map((key) => [key, `retry-${key}`])),
      mailBucket: 'mail',
      stateTable: 'state',
      maxReceiveCount: DEPLOYMENT.maxReceiveCount,
      workers: DEPLOYMENT.outboundConcurrency + keys.length * retryConcurrencyOf(providers),
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

  /** Deploys with another key for a provider. */
  rename(key: string): void {
    const other = (one: string) => (one === key ? `${key}-renamed` : one);
    const { providers, routes = [], retryQueueUrls } = this.environment;
    this.environment = {
      ...this.environment,
      providers: providers.map((one) => ({ ...one, key: other(one.key) })),
      routes: routes.map((route) => ({ ...route, ...defined({ providers: route.providers?.map(other) }) })),
      retryQueueUrls: Object.fromEntries(Object.entries(retryQueueUrls).map(([one, url]) => [other(one), url])),
    };
    this.lambda.replaceProcesses();
  }

  /** The provider with this key in any deployment. */
  providerOf(key: string): SimulatedProvider {
    const provider = this.providers.get(key.replace(/-renamed$/, ''));
    if (!provider) throw new Error(`there is no provider ${key}`);
    return provider;
  }

  random(name: string): Random {
    return new Random(this.seed, name);
  }

  queue(name: string): SimulatedQueue {
    const queue = this.queues.get(name);
    if (!queue) throw new Error(`there is no queue ${name}`);
    return queue;
  }

  /** Number of messages on the queues. */
  get waiting(): number {
    let waiting = 0;
    for (const [name, { size }] of this.queues) if (name !== 'dead-letter' && name !== 'events') waiting += size;
    return waiting;
  }

  /** A producer sends a message; its answer may be wrong. */
  submit(body: string, attributes: Readonly<Record<string, string>> = {}, group?: string): void {
    const outbound = this.queue('outbound');
    const draws = this.random(`submit ${this.chronicle.attempted}`);
    this.chronicle.attempted += 1;
    const failing = this.faults.strikes('sqs-errors', draws);
    if (failing && draws.chance(0.5)) return;
    const id = outbound.send(body, attributes, 0, { group });
    if (!failing) this.chronicle.acknowledged({ id, body, attributes });
  }

  /** An operator puts dead letters back on the outbound queue, those for which `chosen` is true; SQS makes new messages of them. */
  redrive(chosen: (letter: QueueMessage) => boolean): void {
    const outbound = this.queue('outbound');
    for (const letter of this.queue('dead-letter').drain())
      if (chosen(letter))
        this.chronicle.redriven(
          letter,
          () => void outbound.send(letter.body, letter.attributes, 0, { group: letter.group }),
        );
  }

  /** SQS for one process. */
  queuesOf(worker: SimulatedWorker): Queue {
    const draws = this.sendDraws;
    return {
      send: (url, body, attributes = {}, delaySeconds = 0, group) =>
        worker.request('queue.send', draws.between(2, 15), (): DelayedAnswer<void> => {
          const failing = this.faults.strikes('sqs-errors', draws) ? draws.int(3) : undefined;
          const error = Object.assign(new Error('the simulated queue failed'), { name: 'ServiceUnavailable' });
          if (!worker.reaches('queue')) return { afterMs: draws.between(1, 3_000), error };
          // The queue refuses the message with an error, accepts it and answers with an error, or gets it twice because
          // the SDK repeated it after a lost answer.
          if (failing === 0) return { afterMs: draws.between(5, 3_000), error };
          try {
            const put = () => {
              const { invocations } = worker;
              const id = this.queue(url).send(body, attributes, delaySeconds, { invocations, group });
              this.chronicle.sent(worker, url, { id, body, attributes }, delaySeconds * 1_000);
            };
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

  /** Secrets Manager for one process, with the sender's cache. */
  secretsOf(worker: SimulatedWorker): Secrets {
    const draws = this.secretDraws;
    const cache = new Map<string, number>();
    return {
      read: async (name, fresh = false) => {
        const readAt = cache.get(name);
        const { now } = this.timeline;
        if (!fresh && readAt !== undefined && now - readAt < SECRET_MS) return { key: SECRET };
        return worker
          .request('secrets.read', draws.between(2, 10), (): DelayedAnswer<Secret> => {
            const down = this.faults.strikes('secrets-down', draws);
            if (down || !worker.reaches('secrets'))
              return {
                afterMs: draws.between(5, 2_000),
                error: Object.assign(new Error('the simulated service failed'), { name: 'InternalServiceError' }),
              };
            cache.set(name, this.timeline.now);
            return { afterMs: draws.between(5, 40), value: { key: SECRET } };
          })
          .catch((error: unknown) => {
            // An outdated value is better than none.
            if (readAt === undefined || fresh) throw error;
            return { key: SECRET };
          });
      },
    };
  }

  private makeQueues(keys: readonly string[]): Map<string, SimulatedQueue> {
    const { timeline, chronicle, faults } = this;
    const { visibilityMs, outboundRetentionMs, retryRetentionMs, maxReceiveCount, maxMessageBytes } = DEPLOYMENT;
    const make = (name: string, retentionMs: number, maxBytes: number, to?: SimulatedQueue) =>
      new SimulatedQueue(
        { name, retentionMs, visibilityMs, maxBytes, ...defined({ redrive: to && { maxReceiveCount, to } }) },
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
