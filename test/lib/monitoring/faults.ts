import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Health } from '../../../lambda/providers/provider.ts';

/** Fault of a provider. */
export interface Breakage {
  /** Outcome of an attempt. */
  readonly outcome: Outcome;
  /** Duration of an attempt; `deadline` for a time-out. */
  readonly takesMs: number | 'deadline';
  /** Whether the provider accepted the mail nevertheless. */
  readonly taken?: boolean;
  /** Number of affected attempts in a hundred. @default - all */
  readonly ofHundred?: number;
  /** Total number of affected attempts. */
  readonly times?: number;
  /** Whether it affects only every fifth mail, which has another From domain and another recipient domain, and an attachment. */
  readonly fifth?: true;
  /** Whether look-ups fail too. */
  readonly lookUpFails?: true;
  /** Answer of the health check meanwhile. */
  readonly health: Health;
}

/** Minutes after the start of the outage. @default - its whole duration */
interface Span {
  readonly from?: number;
  readonly to?: number;
}

/** Providers with the same fault for a time. */
export interface ProviderFault extends Span {
  readonly keys: readonly string[];
  readonly situation: Breakage;
}

/** AWS services and producers that can be down; `sends`: queues take no message from the sender; `credentials`: AWS refuses those of the processes. */
export type Own = 'table' | 'objects' | 'queues' | 'sends' | 'secrets' | 'credentials' | 'producers';

export interface ServiceFault extends Span {
  readonly what: Own;
}

/** Affected attempts, and services that are down, at each time. */
export function givenFaults(faulty: readonly ProviderFault[], own: readonly ServiceFault[], clock: Clock) {
  let begunAt: number | undefined;
  let ended = false;
  const attempts = new Map<ProviderFault, { made: number; affected: number }>();
  const isOn = ({ from = 0, to = Number.POSITIVE_INFINITY }: Span): boolean => {
    if (begunAt === undefined || ended) return false;
    const minute = (clock.now() - begunAt) / 60_000;
    return minute >= from && minute < to;
  };
  const on = (key: string) => faulty.find((one) => one.keys.includes(key) && isOn(one));
  return {
    begin: () => {
      begunAt = clock.now();
    },
    end: () => {
      ended = true;
    },
    /** Current fault of a provider. */
    at: (key: string): Breakage | undefined => on(key)?.situation,
    /** Current fault of a provider, if it affects this attempt. */
    affecting: (key: string, isFifth: boolean): Breakage | undefined => {
      const fault = on(key);
      if (fault === undefined) return undefined;
      const { ofHundred, fifth, times = Number.POSITIVE_INFINITY } = fault.situation;
      const count = attempts.get(fault) ?? { made: 0, affected: 0 };
      attempts.set(fault, count);
      if (count.affected >= times || (fifth && !isFifth)) return undefined;
      count.made += 1;
      if (ofHundred !== undefined && (count.made * ofHundred) % 100 >= ofHundred) return undefined;
      count.affected += 1;
      return fault.situation;
    },
    /** Number of affected attempts by provider. */
    affected: (): ReadonlyMap<string, number> =>
      new Map([...attempts].flatMap(([{ keys }, { affected }]) => keys.map((key) => [key, affected] as const))),
    down: (what: Own): boolean => own.some((one) => one.what === what && isOn(one)),
  };
}
