import { defined } from '../../lambda/platform/defined.ts';
import { Random } from '../random.ts';
import { FAULT_KINDS, FAULTS, type FaultKind } from './kinds.ts';

/** One fault that is in force for one period of time. */
export interface FaultWindow {
  readonly kind: FaultKind;
  /** Provider that has the fault; absent if the fault affects all workers and providers. */
  readonly provider?: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Share of the calls that the fault affects. */
  readonly rate: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly start: number;
  /** Time at which all faults end. */
  readonly end: number;
  readonly providers: readonly string[];
  /** Kinds of faults that may occur. @default - the kinds that the seed draws */
  readonly kinds?: readonly FaultKind[] | undefined;
  /** Times at which much mail is sent. Most faults are near these times, since a fault without mail has no effect. */
  readonly rushes: readonly number[];
}

const MINUTE = 60_000;

/** Probability that a kind of fault occurs in a run, and largest number of periods of one kind of fault. */
const PRESENT = 0.5;
const MOST_WINDOWS = 4;

/**
 * Draws the faults of a seed at random. Each kind of fault has its own stream of random numbers, so leaving out one kind changes no
 * other kind.
 */
export function planFaults({ seed, start, end, providers, kinds, rushes }: PlanOptions): FaultWindow[] {
  return FAULT_KINDS.flatMap((kind) => {
    const random = new Random(seed, `plan ${kind}`);
    const drawn = random.chance(PRESENT);
    if (kinds ? !kinds.includes(kind) : !drawn) return [];
    const { scope, minutes, rate } = FAULTS[kind];
    // A message that two providers refuse counts as bad. Therefore `api-changed` affects only one provider, the same provider in all
    // periods of a seed.
    const alone = kind === 'api-changed' ? pickProvider(random, providers) : undefined;
    return Array.from({ length: 1 + random.int(MOST_WINDOWS) }, (): FaultWindow => {
      const lasts = random.scaled(minutes[0], minutes[1]) * MINUTE;
      const near = random.chance(0.8) ? random.pick(rushes) : random.between(start, end);
      // The period may begin before, during or after the time with much mail: some outages start in the middle of such a time.
      const from = Math.max(start, near - random.between(-0.2, 0.9) * Math.min(lasts, 30 * MINUTE));
      return {
        kind,
        ...defined({ provider: scope === 'provider' ? (alone ?? pickProvider(random, providers)) : undefined }),
        from,
        to: Math.min(end, from + lasts),
        rate: random.between(rate[0], rate[1]),
      };
    });
  });
}

/** Draws a provider at random. Providers near the top of the list get more faults, since these providers get more of the mail. */
function pickProvider(random: Random, providers: readonly string[]): string {
  return providers[Math.floor(providers.length * random.next() ** 2)] as string;
}

/** The faults of a run; finds the faults that are in force at the current time. */
export class Faults {
  private readonly windows = new Map<string, FaultWindow[]>();
  private readonly now: () => number;
  /** Number of calls to which a fault of each kind applied. */
  readonly hits = new Map<FaultKind, number>();

  constructor(windows: readonly FaultWindow[], now: () => number) {
    this.now = now;
    for (const window of windows) {
      const key = `${window.kind} ${window.provider ?? ''}`;
      this.windows.set(key, [...(this.windows.get(key) ?? []), window]);
    }
  }

  /**
   * Returns whether a fault of this kind affects this call: at random, with the rate of the fault as the probability. If so, counts
   * a hit.
   */
  applies(kind: FaultKind, random: Random, provider = ''): boolean {
    const list = this.windows.get(`${kind} ${provider}`);
    if (!list) return false;
    const now = this.now();
    const window = list.find(({ from, to }) => from <= now && now < to);
    if (!window || !random.chance(window.rate)) return false;
    this.hits.set(kind, (this.hits.get(kind) ?? 0) + 1);
    return true;
  }

  /** Whether a fault of this kind is in force now, even if it affects only some of the calls. */
  active(kind: FaultKind, provider = ''): boolean {
    const now = this.now();
    return (this.windows.get(`${kind} ${provider}`) ?? []).some(({ from, to }) => from <= now && now < to);
  }
}
