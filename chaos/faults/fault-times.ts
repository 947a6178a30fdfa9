import { type FaultKind, lingersMs } from './kinds.ts';
import type { FaultWindow } from './plan.ts';

/** The periods of all faults of a run, as the oracle needs them. */
export class FaultTimes {
  readonly windows: readonly FaultWindow[];

  constructor(windows: readonly FaultWindow[]) {
    this.windows = windows;
  }

  /** Whether a fault of these kinds was in force at any time from `from` to `to`. */
  any(kinds: ReadonlySet<FaultKind>, from: number, to: number, provider?: string): boolean {
    return this.windows.some(
      (window) =>
        kinds.has(window.kind) &&
        window.from < to &&
        window.to > from &&
        (provider === undefined || window.provider === undefined || window.provider === provider),
    );
  }

  /**
   * Returns the last time, `until` at the latest, at which a fault was in force or still had an effect; returns `start` if there
   * was no such time after `start`.
   *
   * @param counts returns whether to include a fault @default - all faults are included
   */
  lastBefore(until: number, start: number, counts: (window: FaultWindow) => boolean = () => true): number {
    return this.windows.reduce((last, window) => {
      if (window.from >= until || !counts(window)) return last;
      return Math.max(last, Math.min(until, window.to + lingersMs(window.kind)));
    }, start);
  }
}

/** Kinds of faults during which a worker may be unable to read the current items of the state table. */
export const OF_TABLE: ReadonlySet<FaultKind> = new Set([
  'table-errors',
  'table-throttle',
  'table-down',
  'table-slow',
  'table-stale',
  'dead-sockets',
]);
