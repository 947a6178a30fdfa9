import { type FaultKind, lingersMs } from './kinds.ts';
import type { FaultWindow } from './plan.ts';

/** Record of the faults and their times, for the oracle. */
export class Troubles {
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
   * The last time up to `until` at which a fault was in force or still had an effect; `start` if there was none.
   *
   * @param counts whether a fault is one; all are by default
   */
  lastBefore(until: number, start: number, counts: (window: FaultWindow) => boolean = () => true): number {
    return this.windows.reduce((last, window) => {
      if (window.from >= until || !counts(window)) return last;
      return Math.max(last, Math.min(until, window.to + lingersMs(window.kind)));
    }, start);
  }
}

/** Kinds of faults with which a worker may not read the current state table. */
export const OF_TABLE: ReadonlySet<FaultKind> = new Set([
  'table-errors',
  'table-throttle',
  'table-down',
  'table-slow',
  'table-stale',
  'dead-sockets',
]);
