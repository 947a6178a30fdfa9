/** Largest number of stack traces that are taken, since each is slow and callers repeat. */
const MOST_TRACES = 500;

/**
 * Detects real time and real randomness in the handler's path, which would make a seed unrepeatable.
 *
 * Returns each use, with the function of ours that made it.
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
