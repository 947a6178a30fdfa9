import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Health } from '../../../lambda/providers/provider.ts';

/** How a provider is broken. */
export interface Breakage {
  /** What an attempt comes to. */
  readonly outcome: Outcome;
  /** How long an attempt takes; `deadline` until we give up. */
  readonly takesMs: number | 'deadline';
  /** Whether the provider took the mail all the same. */
  readonly taken?: boolean;
  /** How many attempts it strikes in a row of a hundred; all if absent. */
  readonly ofHundred?: number;
  /** How many attempts it strikes at all. */
  readonly times?: number;
  /** It strikes every fifth mail only, which has another From domain and another recipient domain, and an attachment. */
  readonly fifth?: true;
  /** What became of a mail whose answer was lost cannot be learned either. */
  readonly lookUpFails?: true;
  /** What the account says meanwhile. */
  readonly health: Health;
}

/** Minutes after the outage began; from its begin to its end if absent. */
interface Span {
  readonly from?: number;
  readonly to?: number;
}

/** Providers that are broken in one way for a time. */
export interface Strike extends Span {
  readonly keys: readonly string[];
  readonly situation: Breakage;
}

/** What of our own can be down; `sends`: queues take no message from the sender; `credentials`: AWS refuses those of the processes; `producers` are those who send. */
export type Own = 'table' | 'objects' | 'queues' | 'sends' | 'secrets' | 'credentials' | 'producers';

export interface OwnStrike extends Span {
  readonly what: Own;
}

/** Which attempts are struck, and which services are down, at each moment. */
export function givenFaults(strikes: readonly Strike[], own: readonly OwnStrike[], clock: Clock) {
  let begunAt: number | undefined;
  let ended = false;
  const attempts = new Map<Strike, { made: number; struck: number }>();
  const isOn = ({ from = 0, to = Number.POSITIVE_INFINITY }: Span): boolean => {
    if (begunAt === undefined || ended) return false;
    const minute = (clock.now() - begunAt) / 60_000;
    return minute >= from && minute < to;
  };
  const on = (key: string) => strikes.find((one) => one.keys.includes(key) && isOn(one));
  return {
    begin: () => {
      begunAt = clock.now();
    },
    end: () => {
      ended = true;
    },
    /** How a provider is broken now. */
    at: (key: string): Breakage | undefined => on(key)?.situation,
    /** The same if it strikes this attempt. */
    strike: (key: string, isFifth: boolean): Breakage | undefined => {
      const strike = on(key);
      if (strike === undefined) return undefined;
      const { ofHundred, fifth, times = Number.POSITIVE_INFINITY } = strike.situation;
      const count = attempts.get(strike) ?? { made: 0, struck: 0 };
      attempts.set(strike, count);
      if (count.struck >= times || (fifth && !isFifth)) return undefined;
      count.made += 1;
      if (ofHundred !== undefined && (count.made * ofHundred) % 100 >= ofHundred) return undefined;
      count.struck += 1;
      return strike.situation;
    },
    down: (what: Own): boolean => own.some((one) => one.what === what && isOn(one)),
  };
}
