import type { ProviderConfig } from '../contract/providers.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Unready } from '../providers/pool.ts';

/** A request for permission to send one message through a provider now. */
export interface AdmissionRequest {
  /** Submission id, by which slow start selects the messages that a recovering provider gets. */
  readonly id: string;
  /**
   * `backlog`: mail from a retry queue; `fresh`: other mail. The two kinds take turns if the rate is too low for both. `urgent`:
   * mail that expires soon; it is sent before mail of the other two kinds.
   */
  readonly queueKind: 'fresh' | 'backlog' | 'urgent';
  /**
   * Whether no other provider is left for the message. If so, a provider admits the message even while its circuit breaker is
   * open, but not while an operator has isolated the provider.
   */
  readonly forced?: boolean;
}

/**
 * Reason why a provider may not be tried now. `open`: its circuit breaker is open. `quiet`: an attempt of this worker failed a
 * moment ago. `isolated`: an operator isolated the provider. `probing`: another message is the probe. `held`: the provider
 * throttled a request, and gets none for some time. `warming`: slow start admits other messages. `rate`: no slot of the rate
 * limit is free. `unready`: this process has not loaded the provider's code or secret yet.
 */
export type SkipReason = 'open' | 'quiet' | 'isolated' | 'probing' | 'held' | 'warming' | 'rate' | 'unready';

/** The decision not to try the provider now. */
export interface Skip {
  readonly kind: 'skip';
  readonly reason: SkipReason;
  /**
   * Rank of the skip, higher if an attempt is less likely to succeed: when all providers are skipped, the provider with
   * the lowest rank is forced.
   */
  readonly rank: number;
  /** Time after which the provider may admit the message, in milliseconds of stack time, if known. */
  readonly againAfterMs?: number;
}

/** The gate's decision. */
export type Admission =
  | {
      readonly kind: 'go';
      /**
       * Must be called immediately before the provider is called. The rate limit has reserved a time slot for the message. If
       * this slot has passed, waits for another slot, or resolves with a skip if no slot is free soon. Without this check, all
       * messages that waited for one slow answer of the ledger would be sent at the same moment. Absent for a provider without
       * `maxPerSecond`. Never throws.
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
  /** Decides whether a provider admits a message; may wait a short time for a slot or for the answer to a probe. Never throws. */
  enter(provider: ProviderConfig, request: AdmissionRequest): Promise<Admission>;
  /**
   * Whether a provider has recovered (circuit closed, hold or isolation over) since this time in epoch milliseconds. If so,
   * waiting messages can be sent now.
   */
  recoveredSince(time: number): Promise<boolean>;
}

/** The skip for a provider that this process cannot use yet, although the provider itself may be healthy. */
export const UNREADY: Skip = {
  kind: 'skip',
  reason: 'unready',
  rank: Number.POSITIVE_INFINITY,
};

/**
 * Returns a gate that admits a message only after this process has loaded the provider's code and secret. Otherwise the time for
 * loading would look like a slow answer to a probe, and other messages wait for the answer to a probe.
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
