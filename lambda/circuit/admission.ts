import type { ProviderConfig } from '../contract/providers.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Unready } from '../providers/pool.ts';

/** A request for permission to send one message through a provider now. */
export interface AdmissionRequest {
  /** The submission id: slow start decides by it which messages a recovering provider gets. */
  readonly id: string;
  /**
   * `backlog` comes from a retry queue, `fresh` does not: they take turns where the rate has no room for both. `urgent` soon
   * expires, and goes before both.
   */
  readonly queueKind: 'fresh' | 'backlog' | 'urgent';
  /** No other provider is left: an open circuit admits the message nevertheless. An isolated provider admits none. */
  readonly forced?: boolean;
}

/**
 * Why a provider may not be tried now. open: its circuit is open. quiet: it failed for this worker a moment ago.
 * isolated: by an operator. probing: the answer to another message is awaited. held: by a Retry-After. warming: slow
 * start. rate: no slot is free. unready: this process cannot use the provider yet.
 */
export type SkipReason = 'open' | 'quiet' | 'isolated' | 'probing' | 'held' | 'warming' | 'rate' | 'unready';

/** The provider is not tried now. */
export interface Skip {
  readonly kind: 'skip';
  readonly reason: SkipReason;
  /**
   * Rank of the skip by how unlikely an attempt is to succeed: when all providers are skipped, the one with the
   * lowest rank is forced.
   */
  readonly badness: number;
  /** Milliseconds of stack time after which to ask again, if known. */
  readonly againAfterMs?: number;
}

/** The gate's decision. */
export type Admission =
  | {
      readonly kind: 'go';
      /**
       * To be called when all is ready for the call: if that took so long that the slot of the rate has passed, this waits
       * for another slot, or resolves with a skip if there is none soon. Without it, what waited for one slow answer of
       * the ledger would be sent at once. Absent for a provider without `maxPerSecond`. Never throws.
       */
      onTime?(): Promise<Skip | undefined>;
      /**
       * Reports the outcomes of the attempt, one per group of recipients; none if no attempt was made. Must be called
       * exactly once. Never throws.
       */
      leave(outcomes: readonly Outcome[]): Promise<void>;
    }
  | Skip;

/** Circuit breakers and rate limits of all providers: decides before each attempt whether a provider may be tried now. */
export interface Gate {
  /** Resolves at once, or after a short wait for the answer to the message that is probing the provider. Never throws. */
  enter(provider: ProviderConfig, request: AdmissionRequest): Promise<Admission>;
  /**
   * Whether a provider has recovered (circuit closed, hold or isolation over) since this time in epoch milliseconds, so
   * that waiting messages can be sent now.
   */
  recoveredSince(time: number): Promise<boolean>;
}

/** The skip for a provider that this process cannot use yet, although the provider itself may be healthy. */
export const UNREADY: Skip = {
  kind: 'skip',
  reason: 'unready',
  badness: Number.POSITIVE_INFINITY,
};

/**
 * A gate that is asked only when this process is ready to use the provider. Other messages wait for the answer to a
 * probe, and our own slow start must not look like a slow answer.
 */
export function afterPreparing(prepare: (provider: ProviderConfig) => Promise<Unready | undefined>, gate: Gate): Gate {
  return {
    enter: async (provider, request) => {
      const unready = await prepare(provider);
      return unready === undefined ? gate.enter(provider, request) : UNREADY;
    },
    recoveredSince: (time) => gate.recoveredSince(time),
  };
}
