/** Largest number of stack traces that are made: each stack trace is slow, and the same callers occur again and again. */
const MOST_TRACES = 500;

/**
 * Detects code under `lambda/` that uses real time, real timers or real random numbers. With such code two runs of one seed would
 * differ.
 *
 * `used` contains each use, with the line of the stack trace that names the caller; `stop` ends the detection.
 */
export function watchRealTime(): { readonly used: ReadonlySet<string>; stop(): void } {
  const used = new Set<string>();
  const real = { now: Date.now, random: Math.random, setTimeout: globalThis.setTimeout };
  let left = MOST_TRACES;
  const note = (what: string) => {
    left -= 1;
    if (left < 0) return;
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
