import type { StackClock } from '../../clock.ts';
import { MINUTE_MS } from '../metrics/store.ts';

/**
 * Real time, in milliseconds, between the end of a minute and its evaluation. The delay is needed because a function prints the
 * last values of the minute only when its invocation ends.
 */
const LAG_MS = 100;
/**
 * Shortest real time between two evaluations of the alarms, in milliseconds. The pause leaves processor time for sending mail.
 */
const SHORTEST_MS = 100;
/**
 * Largest number of past minutes that are evaluated after a pause, for example after the computer was in sleep mode. Earlier
 * minutes are skipped.
 */
const MOST_MINUTES = 120;

/**
 * Calls `onMinute` for each minute that has ended by the clock of the local stack, in the order of time, until the returned
 * function is called. The argument `end` is the end of the minute in epoch milliseconds by the same clock.
 */
export function everyMinute(clock: StackClock, onMinute: (end: number) => void): () => void {
  let done = Math.floor(clock.now() / MINUTE_MS);
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = (): void => {
    const current = Math.floor((clock.now() - LAG_MS * clock.scale) / MINUTE_MS);
    for (let minute = Math.max(done + 1, current - MOST_MINUTES); minute <= current; minute++)
      onMinute(minute * MINUTE_MS);
    done = Math.max(done, current);
    plan();
  };
  const plan = (): void => {
    clearTimeout(timer);
    if (ended) return;
    const next = (done + 1) * MINUTE_MS + LAG_MS * clock.scale;
    timer = setTimeout(look, Math.max(SHORTEST_MS, (next - clock.now()) / clock.scale));
  };
  clock.onChange(plan);
  plan();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
