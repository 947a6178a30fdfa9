import { LocalQueue, type LocalQueues } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';
import type { InvocationFacts } from '../lambda/pool.ts';
import type { DeployedAlarm } from '../template/alarms.ts';
import type { DeployedMetricFilter } from '../template/metric-filters.ts';
import { type AlarmStatus, type Alarms, compileAlarms, type Statuses } from './alarms/evaluate.ts';
import { everyMinute } from './alarms/watch.ts';
import { invocationData, QueueSampler, throttleDatum } from './metrics/aws-metrics.ts';
import { readEmf } from './metrics/emf.ts';
import { compileLogFilter, type LogFilter } from './metrics/log-filter.ts';
import { MetricStore, MINUTE_MS } from './metrics/store.ts';
import type { Overload } from './overload.ts';

/** Largest number of changes of alarm states that are stored for the console page. */
const MOST_CHANGES = 200;

/** The local CloudWatch: stores the metrics of functions and queues, and evaluates the alarms. */
export class LocalCloudWatch {
  readonly store = new MetricStore();
  readonly #clock: StackClock;
  #statuses: Statuses = new Map();
  readonly #changes: AlarmStatus[] = [];
  #alarms: Alarms | undefined;
  #filters: readonly LogFilter[] = [];
  #evaluatedAt = 0;

  readonly #overload: Overload | undefined;

  constructor(clock: StackClock, overload?: Overload) {
    this.#clock = clock;
    this.#overload = overload;
  }

  /** Stores the metrics in a line of a function's output. Ignores a line without metrics. */
  takeLine(line: string): void {
    for (const datum of readEmf(line)) this.store.add({ ...datum, at: this.#clock.toStack(datum.at) });
  }

  takeInvocation(facts: InvocationFacts): void {
    for (const datum of invocationData(facts, this.#clock)) this.store.add(datum);
  }

  takeThrottle(functionName: string): void {
    this.store.add(throttleDatum(functionName, this.#clock.now()));
  }

  /** Sets the metric filters of the log groups; throws on an unsupported filter pattern. */
  filter(definitions: readonly DeployedMetricFilter[]): void {
    this.#filters = definitions.map(compileLogFilter);
  }

  /** Stores the values that the metric filters of a log group find in one line of this log group. */
  takeLog(logGroup: string, line: string): void {
    for (const filter of this.#filters) {
      if (filter.logGroup !== logGroup) continue;
      const datum = filter.read(line, this.#clock.now());
      if (datum) this.store.add(datum);
    }
  }

  /** States of the alarms after the last evaluation. */
  get statuses(): Statuses {
    return this.#statuses;
  }

  /**
   * Returns the earliest time at which a raised alarm changes to another state if all further values are within its limit, in
   * epoch milliseconds by the clock of the local stack. Returns undefined if the alarm is not raised, or if it would stay raised
   * even with such values.
   */
  endsAt(name: string): number | undefined {
    return this.#alarms?.endsAt(name, this.store, this.#evaluatedAt, this.#statuses);
  }

  /**
   * The latest changes of alarm states, at most 200, the newest change last. A change from INSUFFICIENT_DATA to OK is left out.
   */
  get changes(): readonly AlarmStatus[] {
    return this.#changes;
  }

  /**
   * Deletes all metrics and all changes of states, and evaluates the alarms as at the start of the stack. The time of the alarms'
   * warm-up does not start again.
   */
  clear(): void {
    this.store.clear();
    this.#statuses = new Map();
    this.#changes.length = 0;
    if (this.#alarms) this.#evaluate(this.#alarms, this.#clock.now());
  }

  /**
   * Evaluates the alarms after every minute of the local stack's clock until the returned function is called. Throws on an
   * unsupported alarm.
   */
  start(definitions: readonly DeployedAlarm[], queues: LocalQueues): () => void {
    const alarms = compileAlarms(definitions, { born: this.#clock.now() });
    this.#alarms = alarms;
    const sampler = new QueueSampler(this.#clock);
    this.#evaluate(alarms, this.#clock.now());
    return everyMinute(this.#clock, (end) => {
      const all = [...queues.allQueues()].filter((queue) => queue instanceof LocalQueue);
      for (const datum of sampler.sample(all, end - MINUTE_MS)) this.store.add(datum);
      this.#evaluate(alarms, end);
    });
  }

  #evaluate(alarms: Alarms, now: number): void {
    const before = this.#statuses;
    this.#evaluatedAt = now;
    this.#statuses = alarms.evaluate(this.store, now, before, this.#overload?.is);
    for (const status of this.#statuses.values()) {
      const old = before.get(status.name);
      if (old === undefined || old.state === status.state) continue;
      if (old.state === 'INSUFFICIENT_DATA' && status.state === 'OK') continue;
      this.#changes.push(status);
      if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
    }
  }
}
