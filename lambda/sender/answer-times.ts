import type { Message } from '../mail/message.ts';
import { mostSize } from '../mail/mime.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Clock } from '../platform/clock.ts';

/** Least time that a provider is given for an answer, in milliseconds. */
const LEAST_MS = 1_000;
/** Multiple of its recent answers that a provider is given, of which 1 % may have been slower. */
const FACTOR = 3;
const PERCENTILE = 0.99;
/** Number of recent answers below which nothing follows from them. */
const FEWEST = 20;
/** Bytes of a message for each further millisecond: an upload takes its time. */
const BYTES_PER_MS = 256;

/** Recent answers are those of the last minute; they are kept by periods of ten seconds. */
const PERIOD_MS = 10_000;
const PERIODS = 6;
/** Answer times are counted in a histogram. The upper end of each interval is a tenth above the previous one; times are rounded up to it. */
const FIRST_END_MS = LEAST_MS / FACTOR;
const STEP = 1.1;
const CLASSES = 50;

/** Answers of one provider. */
interface Answers {
  /** Numbers by class, of each period by its number. */
  readonly periods: Map<number, number[]>;
  /** Times of the calls that were cut off after the last answer. */
  cut: number[];
}

/**
 * Times of the recent answers of each provider to this process. A call that gets no answer is given up after a small
 * multiple of these times, and not only at its deadline.
 */
export class AnswerTimes {
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answers>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Time to give a provider for its answer to a message, in milliseconds; undefined if too little is known of it. */
  limitOf(provider: string, message: Message): number | undefined {
    const { periods } = this.#of(provider);
    const counts = new Array<number>(CLASSES).fill(0);
    for (const period of periods.values())
      for (const [place, count] of period.entries()) counts[place] = (counts[place] ?? 0) + count;
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total < FEWEST) return undefined;
    let seen = 0;
    const slowest = counts.findIndex((count) => {
      seen += count;
      return seen >= PERCENTILE * total;
    });
    return Math.ceil(FACTOR * FIRST_END_MS * STEP ** slowest + mostSize(message) / BYTES_PER_MS);
  }

  /**
   * Adds the result of a call. Only an acceptance counts, since errors may come sooner. A call that was cut off at its
   * limit counts once another one is accepted: the provider is slow then, and does not hang.
   */
  add(provider: string, { kind }: Outcome, durationMs: number, limitMs: number | undefined): void {
    const answers = this.#of(provider);
    if (kind === 'accepted') {
      const period = answers.periods.get(this.#period) ?? new Array<number>(CLASSES).fill(0);
      for (const ms of [durationMs, ...answers.cut]) period[classOf(ms)] = (period[classOf(ms)] ?? 0) + 1;
      answers.periods.set(this.#period, period);
      answers.cut = [];
    } else if (limitMs !== undefined && durationMs >= limitMs) answers.cut.push(durationMs);
  }

  get #period(): number {
    return Math.floor(this.#clock.now() / PERIOD_MS);
  }

  #of(provider: string): Answers {
    const answers = this.#answers.get(provider) ?? { periods: new Map(), cut: [] };
    this.#answers.set(provider, answers);
    // A period in the future was counted before the clock was set back.
    const now = this.#period;
    for (const period of answers.periods.keys())
      if (period > now || period < now - PERIODS) answers.periods.delete(period);
    return answers;
  }
}

function classOf(ms: number): number {
  const place = Math.ceil(Math.log(ms / FIRST_END_MS) / Math.log(STEP));
  return Math.min(Math.max(place, 0), CLASSES - 1);
}
