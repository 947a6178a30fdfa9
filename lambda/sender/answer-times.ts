import type { Message } from '../mail/message.ts';
import { mostSize } from '../mail/mime.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Clock } from '../platform/clock.ts';

/** Smallest possible time limit for an answer, in milliseconds. */
const LEAST_MS = 1_000;
/** The time limit is this multiple of the time within which 99 % of the provider's recent answers arrived. */
const FACTOR = 3;
const PERCENTILE = 0.99;
/** With fewer recent answers than this number, no time limit is computed. */
const FEWEST = 20;
/**
 * The time limit is one millisecond longer for each group of this number of bytes in the message, since the provider answers only after
 * the upload.
 */
const BYTES_PER_MS = 256;

/**
 * Recent answers are the answers of about the last minute: of the present period of `PERIOD_MS` milliseconds, and of the
 * `PERIODS` periods before it. Each period has counts of its own.
 */
const PERIOD_MS = 10_000;
const PERIODS = 6;
/**
 * Answer times are counted in a histogram. The end of each interval is 10 % higher than the end of the previous interval. Each time is
 * rounded up to the end of its interval.
 */
const FIRST_END_MS = LEAST_MS / FACTOR;
const STEP = 1.1;
const CLASSES = 50;

/** Recent answer times of one provider. */
interface Answers {
  /** For each period of ten seconds, by the number of the period: the number of answers in each interval of the histogram. */
  readonly periods: Map<number, number[]>;
  /** Durations, in milliseconds, of the calls that were ended at the time limit since the provider last accepted a message. */
  cut: number[];
}

/**
 * Recent answer times of each provider, measured by this process. The time limit of the next calls is computed from these times.
 * This time limit is usually shorter than the provider's deadline.
 */
export class AnswerTimes {
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answers>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the time limit for a provider's answer to a message, in milliseconds; undefined if there are too few recent answers. */
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
   * Adds the duration of a call to the histogram. Only calls in which the provider accepted a message are counted, since errors
   * may arrive sooner. The duration of a call that was ended at the time limit is counted only when the provider accepts a
   * message in a later call: the later call shows that the provider is slow, but works.
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
    // Drops the counts of old periods, and of periods in the future. Periods in the future exist if the clock was set back.
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
