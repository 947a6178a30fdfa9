import type { ProviderConfig } from '../contract/providers.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Unready } from '../providers/pool.ts';

/** What the gate knows of the mail that asks to pass. */
export interface AdmissionRequest {
  /** The submission id: who may use a recovering provider is drawn from it. */
  readonly id: string;
  /** `backlog` has waited on a retry queue; `fresh` has not. The two alternate where there is room for some only. */
  readonly lane: 'fresh' | 'backlog';
  /** Nobody else is left: an open circuit lets it pass all the same. An operator's isolation never does. */
  readonly forced?: boolean;
}

/**
 * Why a provider may not be tried now. open: its circuit is. quiet: this worker leaves it alone, since it failed a moment ago.
 * isolated: by an operator. probing: another mail is finding out. held: by a Retry-After. warming: slow start. rate: no slot is left.
 */
export type SkipReason = 'open' | 'quiet' | 'isolated' | 'probing' | 'held' | 'warming' | 'rate' | 'unready';

/** The answer of the gate. */
export type Admission =
  | {
      readonly kind: 'go';
      /** Tells what the attempt came to, by recipient where they differ; must be called exactly once. Never throws. */
      leave(outcomes: readonly Outcome[]): Promise<void>;
    }
  | {
      readonly kind: 'skip';
      readonly reason: SkipReason;
      /** How unlikely an attempt is to succeed: of providers that are all closed off, the least is forced. */
      readonly badness: number;
      /** Milliseconds after which it is worth asking again, in stack time, if that is known. */
      readonly againAfterMs?: number;
    };

/** Decides before each attempt whether a provider may be tried now. */
export interface Gate {
  /** Resolves at once, or after a short wait for the answer of a mail that is just trying a provider out. Never throws. */
  enter(provider: ProviderConfig, passenger: AdmissionRequest): Promise<Admission>;
  /** Whether a provider came back (circuit closed, hold or isolation over) after this time in epoch milliseconds: waiting mail need not wait on. */
  recoveredSince(time: number): Promise<boolean>;
}

/** Lets everybody pass. */
export const openGate: Gate = {
  enter: async () => ({ kind: 'go', leave: async () => {} }),
  recoveredSince: async () => false,
};

/** The provider may be well: the next one is tried now, or this one in some seconds, perhaps by another worker. */
export const UNREADY: Extract<Admission, { kind: 'skip' }> = {
  kind: 'skip',
  reason: 'unready',
  badness: Number.POSITIVE_INFINITY,
};

/**
 * A gate that is asked only when this process is ready to use the provider: others wait for the answer of a provider, and a
 * slow start of our own is not to look like a slow answer.
 */
export function afterPreparing(prepare: (provider: ProviderConfig) => Promise<Unready | undefined>, gate: Gate): Gate {
  return {
    enter: async (provider, passenger) => {
      const unready = await prepare(provider);
      return unready === undefined ? gate.enter(provider, passenger) : UNREADY;
    },
    recoveredSince: (time) => gate.recoveredSince(time),
  };
}
