import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Health } from '../../../lambda/providers/provider.ts';

/** Fault of a provider. */
export interface Breakage {
  /** Outcome of an attempt. */
  readonly outcome: Outcome;
  /** Duration of an attempt; `deadline` for a time-out. */
  readonly takesMs: number | 'deadline';
  /** Whether the provider accepts the mail although the attempt has this outcome. */
  readonly taken?: boolean;
  /** Number of attempts in a hundred that the fault affects. @default - all */
  readonly ofHundred?: number;
  /** Total number of attempts that the fault affects. */
  readonly times?: number;
  /** Whether the fault affects only every fifth mail. Such mail has another From domain, another recipient domain, and an attachment. */
  readonly fifth?: true;
  /** Whether look-ups fail, too. A look-up asks the provider whether it has a mail. */
  readonly lookUpFails?: true;
  /** Answer of the provider to health checks during the fault. */
  readonly health: Health;
}

/** Start and end of a fault, in minutes after the start of the outage. @default - the whole duration of the outage */
interface Span {
  readonly from?: number;
  readonly to?: number;
}

/** Providers that have the same fault for a time. */
export interface ProviderFault extends Span {
  readonly keys: readonly string[];
  readonly situation: Breakage;
}

/**
 * AWS services and producers that can be down. `sends`: queues accept no message from the sender. `credentials`: AWS refuses the
 * credentials of the processes.
 */
export type Own = 'table' | 'objects' | 'queues' | 'sends' | 'secrets' | 'credentials' | 'producers';

export interface ServiceFault extends Span {
  readonly what: Own;
}

/** Keeps track of the faults: tells at any time which attempts a fault affects, and which services are down. */
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
    /** Returns the current fault of a provider. */
    at: (key: string): Breakage | undefined => on(key)?.situation,
    /** Returns the current fault of a provider if the fault affects this attempt. */
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
    /** Returns the number of attempts that a fault affected, by provider. */
    affected: (): ReadonlyMap<string, number> =>
      new Map([...attempts].flatMap(([{ keys }, { affected }]) => keys.map((key) => [key, affected] as const))),
    down: (what: Own): boolean => own.some((one) => one.what === what && isOn(one)),
  };
}
