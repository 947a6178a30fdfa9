import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { Secret, Secrets } from '../../lambda/platform/secrets.ts';
import { retryConcurrencyOf } from '../../lib/configuration/retry-concurrency.ts';
import { Faults, type FaultWindow } from '../faults/plan.ts';
import { CLASSES } from '../mails/classes.ts';
import { OUTBOUND_BYTES } from '../mails/content.ts';
import { Random } from '../random.ts';
import { type ListsSeam, SimulatedEvents } from './events.ts';
import { type Handler, SimulatedLambda } from './lambda.ts';
import { SimulatedObjects } from './objects.ts';
import { SimulatedProvider } from './provider.ts';
import { type QueueMessage, SimulatedQueue } from './queue.ts';
import { SimulatedTable } from './table.ts';
import type { Timeline } from './timeline.ts';
import type { WorldWatcher } from './watcher.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** Settings of the simulated deployment. They are the same as in `lib/`; a test compares them. */
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

/** The value that every secret has in the simulation. */
export const SECRET = 'simulated';
/** Time for which a process caches a secret, in milliseconds. */
const SECRET_MS = 300_000;

export interface WorldOptions {
  readonly seed: number;
  readonly providers: readonly ProviderConfig[];
  readonly windows: readonly FaultWindow[];
  readonly timeline: Timeline;
  readonly watcher: WorldWatcher;
  /** Sets up the sender's code in a new process and returns its handler. */
  readonly load: (worker: SimulatedWorker, world: SimulatedWorld) => Handler;
  /** Wraps the table with lists that the events function uses; tests plant defects in this way. @default - no change */
  readonly lists?: ListsSeam | undefined;
  /**
   * Whether recursive loop detection of Lambda is off.
   * @default - the setting of the deployment
   */
  readonly allowsLoops?: boolean | undefined;
}

/** The simulation of one seed: everything outside of the handler code, that is all AWS services, providers, processes and time. */
export class SimulatedWorld {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly watcher: WorldWatcher;
  readonly faults: Faults;
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly providers: ReadonlyMap<string, SimulatedProvider>;
  readonly table: SimulatedTable;
  readonly events: SimulatedEvents;
  readonly objects: SimulatedObjects;
  readonly lambda: SimulatedLambda;
  /** Environment variables of the sender function in the current deployment. */
  environment: SenderEnvironment;
  private submits = 0;
  private readonly sendDraws: Random;
  private readonly secretDraws: Random;

  constructor({ seed, providers, windows, timeline, watcher, load, lists, allowsLoops }: WorldOptions) {
    this.seed = seed;
    this.timeline = timeline;
    this.watcher = watcher;
    this.faults = new Faults(windows, () => timeline.now);
    this.sendDraws = this.random('queue calls');
    this.secretDraws = this.random('secrets');
    const keys = providers.map(({ key }) => key);
    this.queues = this.makeQueues(keys);
    this.providers = new Map(
      providers.map((config) => [
        config.key,
        new SimulatedProvider(config, timeline, this.faults, this.random(`provider ${config.key}`), watcher),
      ]),
    );
    this.table = new SimulatedTable(timeline, this.faults, this.random('table'), watcher);
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
        began: (worker, batch) => watcher.began(worker, batch),
        ended: (worker, batch, killed) => watcher.ended(worker, batch, killed),
      },
      timeline,
      this.faults,
      this.random('lambda'),
    );
    this.lambda.consume(this.queue('outbound'), DEPLOYMENT.outboundConcurrency);
    for (const key of keys) this.lambda.consume(this.queue(`retry-${key}`), retryConcurrencyOf(providers));
  }

  /** Simulates a deployment that gives a provider another key. */
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

  /** Returns the provider that has this key now, or had this key before a deployment changed it. */
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

  /** Number of messages on the outbound queue and the retry queues. */
  get waiting(): number {
    let waiting = 0;
    for (const [name, { size }] of this.queues) if (name !== 'dead-letter' && name !== 'events') waiting += size;
    return waiting;
  }

  /**
   * Sends a message as a producer. With the fault `sqs-errors` the producer may get no acknowledgement although the message is on
   * the queue.
   */
  submit(body: string, attributes: Readonly<Record<string, string>> = {}, group?: string): void {
    const outbound = this.queue('outbound');
    const draws = this.random(`submit ${this.submits}`);
    this.submits += 1;
    this.watcher.submitted();
    const failing = this.faults.applies('sqs-errors', draws);
    if (failing && draws.chance(0.5)) return;
    const id = outbound.send(body, attributes, 0, { group });
    if (!failing) this.watcher.acknowledged({ id, body, attributes });
  }

  /**
   * Acts as an operator who sends the dead letters for which `chosen` returns true to the outbound queue as new messages, and
   * deletes the other dead letters.
   */
  redrive(chosen: (deadLetter: QueueMessage) => boolean): void {
    const outbound = this.queue('outbound');
    for (const deadLetter of this.queue('dead-letter').drain())
      if (chosen(deadLetter))
        this.watcher.redriven(
          deadLetter,
          () => void outbound.send(deadLetter.body, deadLetter.attributes, 0, { group: deadLetter.group }),
        );
  }

  /** Returns the client of the simulated SQS for one process. */
  queuesOf(worker: SimulatedWorker): Queue {
    const draws = this.sendDraws;
    return {
      send: (url, body, attributes = {}, delaySeconds = 0, group) =>
        worker.request('queue.send', draws.between(2, 15), (): DelayedAnswer<void> => {
          const failing = this.faults.applies('sqs-errors', draws) ? draws.int(3) : undefined;
          const error = Object.assign(new Error('the simulated queue failed'), { name: 'ServiceUnavailable' });
          if (!worker.reaches('queue')) return { afterMs: draws.between(1, 3_000), error };
          // 0: the queue refuses the message with an error. 1: the queue accepts the message and answers with an error. 2: the queue
          // gets the message twice, because the SDK repeated the request after a lost answer.
          if (failing === 0) return { afterMs: draws.between(5, 3_000), error };
          try {
            const put = () => {
              const { invocations } = worker;
              const id = this.queue(url).send(body, attributes, delaySeconds, { invocations, group });
              this.watcher.sent(worker, url, { id, body, attributes }, delaySeconds * 1_000);
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

  /** Returns the client of the simulated Secrets Manager for one process, with a cache like that of the sender. */
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
            const down = this.faults.applies('secrets-down', draws);
            if (down || !worker.reaches('secrets'))
              return {
                afterMs: draws.between(5, 2_000),
                error: Object.assign(new Error('the simulated service failed'), { name: 'InternalServiceError' }),
              };
            cache.set(name, this.timeline.now);
            return { afterMs: draws.between(5, 40), value: { key: SECRET } };
          })
          .catch((error: unknown) => {
            // If Secrets Manager fails, the outdated value is used. The cache of the sender does the same.
            if (readAt === undefined || fresh) throw error;
            return { key: SECRET };
          });
      },
    };
  }

  private makeQueues(keys: readonly string[]): Map<string, SimulatedQueue> {
    const { timeline, watcher, faults } = this;
    const { visibilityMs, outboundRetentionMs, retryRetentionMs, maxReceiveCount, maxMessageBytes } = DEPLOYMENT;
    const make = (name: string, retentionMs: number, maxBytes: number, to?: SimulatedQueue) =>
      new SimulatedQueue(
        { name, retentionMs, visibilityMs, maxBytes, ...defined({ redrive: to && { maxReceiveCount, to } }) },
        timeline,
        faults,
        this.random(`queue ${name}`),
        watcher,
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
