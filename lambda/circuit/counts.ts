import type { Clock } from '../platform/clock.ts';
import type { Circuit } from './circuit.ts';
import type { CircuitTimes } from './times.ts';
import { type AttemptWindow, countAttempt, mergeWindows, total } from './window.ts';

/**
 * Adds a worker's counts to the circuit in the table, which all workers share (a report). Resolves with undefined if the counts
 * could not be added, and with `busy` if the report should be repeated soon.
 */
export type ReportCounts = (
  provider: string,
  window: AttemptWindow,
  reason: string,
) => Promise<unknown | 'busy' | undefined>;

interface Pending {
  window: AttemptWindow;
  reason: string;
  /**
   * Number of the reports begun so far (`reports`), start times of the last reports in epoch milliseconds, and promise of the
   * last report.
   */
  reports: number;
  reportedAt: readonly number[];
  reporting: Promise<void>;
  /** Whether the next report is scheduled for a later time. */
  isDue: boolean;
  /** Set when the circuit was reset: the counts are from the time before the reset, and are not reported. */
  isDropped: boolean;
}

/**
 * Largest number of reports that a worker begins in a second for one provider. The number is limited since all workers write to
 * the same item.
 */
const MOST_REPORTS = 2;
const SECOND_MS = 1_000;

/**
 * Numbers of attempts and failures that this worker has not reported yet. A healthy provider costs no write, since counts are
 * reported only when an attempt fails. There is one exception: while the circuit in the table contains failures, successes are
 * also reported from time to time. Without these successes, the broken network of one worker could open the circuit for all
 * workers.
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

  /** Counts a success. `circuit` is the circuit that all workers share. Returns a promise if the counts are reported now. */
  good(provider: string, circuit: Circuit): Promise<void> | undefined {
    const pending = this.#add(provider, false);
    const disputed = circuit.kind === 'closed' && total(circuit.window).failures > 0;
    const lately = Math.abs(this.#clock.now() - (pending.reportedAt.at(-1) ?? 0)) < this.#times.bucketMs;
    return disputed && !lately ? this.#flush(provider, pending) : undefined;
  }

  /** Counts a failure and reports the counts. `reason` is the reason code of the failure. */
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
   * Reports the counts. Failures that happen during a report are part of the next report: ten failures at the same time cost two
   * writes. If the report has to wait, the call resolves without waiting for it, so that the next provider is tried for the
   * failed message without delay.
   */
  async #flush(provider: string, pending: Pending): Promise<void> {
    const { reports, reporting } = pending;
    await reporting;
    if (pending.isDropped || pending.isDue) return;
    // Another report has begun in the meantime, and includes these counts.
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

  /** Returns the milliseconds until the next report may begin; 0 or less if it may begin now. */
  #waitMs({ reportedAt }: Pending): number {
    const [oldest = Number.NEGATIVE_INFINITY, ...others] = reportedAt;
    if (others.length < MOST_REPORTS - 1) return 0;
    // If the wait is longer than a second, the clock was set back, and the report may begin now.
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
