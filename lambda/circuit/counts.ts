import type { Clock } from '../platform/clock.ts';
import type { Circuit } from './circuit.ts';
import type { CircuitTimes } from './times.ts';
import { type AttemptWindow, countAttempt, mergeWindows, total } from './window.ts';

/**
 * Adds a worker's counts to the shared circuit; resolves with undefined if the counts could not be added, with `busy` if the
 * report should be repeated soon.
 */
export type ReportCounts = (
  provider: string,
  window: AttemptWindow,
  reason: string,
) => Promise<unknown | 'busy' | undefined>;

interface Pending {
  window: AttemptWindow;
  reason: string;
  /** Number of reports begun so far, start times of the last reports, and promise of the last report. */
  reports: number;
  reportedAt: readonly number[];
  reporting: Promise<void>;
  /** Whether the next report is scheduled. */
  isDue: boolean;
  /** Set by a reset of the circuit: the counts of this report are older than the reset. */
  isDropped: boolean;
}

/** A worker begins at most this number of reports in a second, since all workers write to the same item. */
const MOST_REPORTS = 2;
const SECOND_MS = 1_000;

/**
 * Attempts and failures that this worker has not reported yet. A healthy provider costs no write: counts are reported when an
 * attempt fails. While other workers see failures, successes are reported from time to time too, so that the broken network of
 * one worker does not open the circuit for all workers.
 */
export class UnreportedCounts {
  readonly #clock: Clock;
  readonly #times: CircuitTimes;
  readonly #report: ReportCounts;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock, times: CircuitTimes, report: ReportCounts) {
    this.#clock = clock;
    this.#times = times;
    this.#report = report;
  }

  /** Counts a success; `circuit` is the shared circuit. */
  good(provider: string, circuit: Circuit): Promise<void> | undefined {
    const pending = this.#add(provider, false);
    const disputed = circuit.kind === 'closed' && total(circuit.window).failures > 0;
    const lately = Math.abs(this.#clock.now() - (pending.reportedAt.at(-1) ?? 0)) < this.#times.bucketMs;
    return disputed && !lately ? this.#flush(provider, pending) : undefined;
  }

  bad(provider: string, reason: string): Promise<void> {
    const pending = this.#add(provider, true);
    pending.reason = reason;
    return this.#flush(provider, pending);
  }

  /** Drops the counts of a provider, including the counts in a report that is in progress. */
  forget(provider: string): void {
    const pending = this.#pending.get(provider);
    if (pending) pending.isDropped = true;
    this.#pending.delete(provider);
  }

  #add(provider: string, failed: boolean): Pending {
    const pending = this.#pending.get(provider) ?? {
      window: [],
      reason: '',
      reports: 0,
      reportedAt: [],
      reporting: Promise.resolve(),
      isDue: false,
      isDropped: false,
    };
    pending.window = countAttempt(pending.window, failed, this.#clock.now(), this.#times);
    this.#pending.set(provider, pending);
    return pending;
  }

  /**
   * Reports the counts. Failures during a report are reported in the next report: ten failures at the same time cost two writes.
   * If the report has to wait, the call resolves immediately, so that the message whose attempt failed is offered to the next
   * provider without delay.
   */
  async #flush(provider: string, pending: Pending): Promise<void> {
    const { reports, reporting } = pending;
    await reporting;
    if (pending.isDropped || pending.isDue) return;
    // Another report that began meanwhile includes this count.
    if (pending.reports !== reports) return pending.reporting;
    const waitMs = this.#waitMs(pending);
    if (waitMs <= 0) {
      pending.reporting = this.#send(provider, pending);
      return pending.reporting;
    }
    this.#sendAfter(waitMs, provider, pending);
  }

  #sendAfter(waitMs: number, provider: string, pending: Pending): void {
    pending.isDue = true;
    void this.#clock.sleep(waitMs).then(() => {
      pending.isDue = false;
      if (!pending.isDropped) pending.reporting = this.#send(provider, pending);
    });
  }

  /** Milliseconds until the next report may begin. */
  #waitMs({ reportedAt }: Pending): number {
    const [oldest = Number.NEGATIVE_INFINITY, ...others] = reportedAt;
    if (others.length < MOST_REPORTS - 1) return 0;
    // A longer wait comes from a clock that was set back.
    const waitMs = oldest + SECOND_MS - this.#clock.now();
    return waitMs > SECOND_MS ? 0 : waitMs;
  }

  async #send(provider: string, pending: Pending): Promise<void> {
    const { window, reason } = pending;
    pending.window = [];
    pending.reports += 1;
    pending.reportedAt = [...pending.reportedAt, this.#clock.now()].slice(-MOST_REPORTS);
    const reported = await this.#report(provider, window, reason);
    if ((reported !== undefined && reported !== 'busy') || pending.isDropped) return;
    pending.window = mergeWindows(window, pending.window, this.#clock.now(), this.#times);
    if (reported === 'busy') this.#sendAfter(SECOND_MS, provider, pending);
  }
}
