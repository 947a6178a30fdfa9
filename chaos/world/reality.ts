import type { Timeline } from './timeline.ts';

/** Global timers of the previous release: see `releases/previous.ts`. */
interface Timers {
  setTimeout(act: () => void, ms: number): { cancelled: boolean };
  clearTimeout(timer: { cancelled: boolean } | undefined): void;
}

/** Gives code without a `Clock` the simulated time. */
export function lendTimers(timeline: Timeline): void {
  const timers: Timers = {
    setTimeout(act, ms) {
      const timer = { cancelled: false };
      timeline.after(ms, () => {
        if (timer.cancelled) return;
        timeline.wake();
        act();
      });
      return timer;
    },
    clearTimeout(timer) {
      if (timer) timer.cancelled = true;
    },
  };
  Object.assign(globalThis, { __mailoverChaos: timers });
}

/** Most stack traces that are taken, since each is slow and callers repeat. */
const MOST_LOOKS = 500;

/**
 * Detects real time and real randomness in the handler's path, which would make a seed unrepeatable.
 *
 * Returns each use, with the function of ours that made it.
 */
export function watchReality(): { readonly used: ReadonlySet<string>; stop(): void } {
  const used = new Set<string>();
  const real = { now: Date.now, random: Math.random, setTimeout: globalThis.setTimeout };
  let looks = MOST_LOOKS;
  const note = (what: string) => {
    looks -= 1;
    if (looks < 0) return;
    const caller = (new Error().stack ?? '').split('\n').find((line) => /\/lambda\//.test(line));
    if (caller) used.add(`${what} ${caller.trim()}`);
  };
  Date.now = () => {
    note('Date.now');
    return real.now();
  };
  Math.random = () => {
    note('Math.random');
    return real.random();
  };
  globalThis.setTimeout = ((...given: Parameters<typeof setTimeout>) => {
    note('setTimeout');
    return real.setTimeout(...given);
  }) as typeof setTimeout;
  return {
    used,
    stop() {
      Date.now = real.now;
      Math.random = real.random;
      globalThis.setTimeout = real.setTimeout;
    },
  };
}
