import type { Clock } from '../platform/clock.ts';
import type { Circuit } from './circuit.ts';
import type { CircuitTimes } from './times.ts';
import { type AttemptWindow, count, merge, total } from './window.ts';

/** Adds a worker's counts to the shared circuit; resolves with undefined if they could not be added. */
export type ReportCounts = (provider: string, window: AttemptWindow, reason: string) => Promise<unknown | undefined>;

interface Pending {
  window: AttemptWindow;
  reason: string;
  /** Number of reports begun so far, start of the last one, and its promise. */
  reports: number;
  reportedAt: number;
  reporting: Promise<void>;
  /** Set by a reset of the circuit: the counts of this report are older than the reset. */
  isDropped: boolean;
}

/**
 * Attempts and failures that this worker has not reported yet. A healthy provider costs no write: counts are reported
 * when an attempt fails, and successes from time to time while other workers see failures, so that the broken network of
 * one worker does not open the circuit for all.
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
    const lately = Math.abs(this.#clock.now() - pending.reportedAt) < this.#times.bucketMs;
    return disputed && !lately ? this.#flush(provider, pending) : undefined;
  }

  bad(provider: string, reason: string): Promise<void> {
    const pending = this.#add(provider, true);
    pending.reason = reason;
    return this.#flush(provider, pending);
  }

  /** Drops the counts of a provider, those of a report in progress included. */
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
      reportedAt: Number.NEGATIVE_INFINITY,
      reporting: Promise.resolve(),
      isDropped: false,
    };
    pending.window = count(pending.window, failed, this.#clock.now(), this.#times);
    this.#pending.set(provider, pending);
    return pending;
  }

  /**
   * Reports the counts. Failures during a report are reported in the next report: ten failures at once cost two writes.
   */
  async #flush(provider: string, pending: Pending): Promise<void> {
    const { reports, reporting } = pending;
    await reporting;
    if (pending.isDropped) return;
    // A report that began meanwhile has included this count.
    if (pending.reports === reports) pending.reporting = this.#send(provider, pending);
    await pending.reporting;
  }

  async #send(provider: string, pending: Pending): Promise<void> {
    const { window, reason } = pending;
    pending.window = [];
    pending.reports += 1;
    pending.reportedAt = this.#clock.now();
    const reported = await this.#report(provider, window, reason);
    if (reported === undefined && !pending.isDropped)
      pending.window = merge(window, pending.window, this.#clock.now(), this.#times);
  }
}
