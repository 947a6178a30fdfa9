import { Random } from '../world/random.ts';
import { FAULT_KINDS, FAULTS, type FaultKind } from './kinds.ts';

/** One fault in one period. */
export interface FaultWindow {
  readonly kind: FaultKind;
  /** Absent for a fault of the platform. */
  readonly provider?: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Share of the calls that it affects. */
  readonly rate: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly start: number;
  /** End of all faults. */
  readonly end: number;
  readonly providers: readonly string[];
  /** The kinds that may occur. @default - those that the seed draws */
  readonly kinds?: readonly FaultKind[] | undefined;
  /** Times with much mail: faults gather there, since without mail they have no effect. */
  readonly rushes: readonly number[];
}

const MINUTE = 60_000;

/** Share of the kinds that a seed has, and most periods of one kind. */
const PRESENT = 0.5;
const MOST_WINDOWS = 4;

/** Draws the faults of a seed. Each kind draws from a stream of its own, so that omitting one changes no other. */
export function planFaults({ seed, start, end, providers, kinds, rushes }: PlanOptions): FaultWindow[] {
  return FAULT_KINDS.flatMap((kind) => {
    const random = new Random(seed, `plan ${kind}`);
    const drawn = random.chance(PRESENT);
    if (kinds ? !kinds.includes(kind) : !drawn) return [];
    const { part, minutes, rate } = FAULTS[kind];
    // Two providers that refuse one message make it a bad message, by definition: only one of them may be wrong.
    const alone = kind === 'api-changed' ? pickProvider(random, providers) : undefined;
    return Array.from({ length: 1 + random.int(MOST_WINDOWS) }, (): FaultWindow => {
      const lasts = random.scaled(minutes[0], minutes[1]) * MINUTE;
      const near = random.chance(0.8) ? random.pick(rushes) : random.between(start, end);
      // The period may begin before, within or after the rush, so that an outage starts during a rush as often as
      // before it.
      const from = Math.max(start, near - random.between(-0.2, 0.9) * Math.min(lasts, 30 * MINUTE));
      return {
        kind,
        ...(part === 'provider' && { provider: alone ?? pickProvider(random, providers) }),
        from,
        to: Math.min(end, from + lasts),
        rate: random.between(rate[0], rate[1]),
      };
    });
  });
}

/** A provider by weight: the first of the list gets most of the mail, and so most of the faults. */
function pickProvider(random: Random, providers: readonly string[]): string {
  return providers[Math.floor(providers.length * random.next() ** 2)] as string;
}

/** The faults in force at the current time. */
export class Faults {
  private readonly windows = new Map<string, FaultWindow[]>();
  private readonly now: () => number;
  /** Number of hits of each kind. */
  readonly hits = new Map<FaultKind, number>();

  constructor(windows: readonly FaultWindow[], now: () => number) {
    this.now = now;
    for (const window of windows) {
      const key = `${window.kind} ${window.provider ?? ''}`;
      this.windows.set(key, [...(this.windows.get(key) ?? []), window]);
    }
  }

  /** Whether a fault applies to a call. */
  strikes(kind: FaultKind, random: Random, provider = ''): boolean {
    const list = this.windows.get(`${kind} ${provider}`);
    if (!list) return false;
    const now = this.now();
    const window = list.find(({ from, to }) => from <= now && now < to);
    if (!window || !random.chance(window.rate)) return false;
    this.hits.set(kind, (this.hits.get(kind) ?? 0) + 1);
    return true;
  }

  /** Whether a fault of this kind is in force, at any rate. */
  active(kind: FaultKind, provider = ''): boolean {
    const now = this.now();
    return (this.windows.get(`${kind} ${provider}`) ?? []).some(({ from, to }) => from <= now && now < to);
  }
}
