import type { ProviderConfig } from '../contract/providers.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Unready } from '../providers/pool.ts';

/** A request for permission to send one message through a provider now. */
export interface AdmissionRequest {
  /** Submission id. After a provider's circuit has closed, slow start selects by this id the messages that the provider gets. */
  readonly id: string;
  /**
   * Kind of the mail, by which the provider's rate limit distributes its slots. A slot is the time for one call. `backlog`: mail
   * from a retry queue. `fresh`: other mail. If the rate is too low for both kinds, they get slots alternately. `urgent`: mail
   * that expires soon. It may use the slots of both kinds, and also later slots than the other kinds may reserve.
   */
  readonly queueKind: 'fresh' | 'backlog' | 'urgent';
  /**
   * Whether the message is forced: no other provider is left for it. A forced message may be admitted even while the circuit
   * breaker is open, but only one such message at a time. It is not admitted while an operator has isolated the provider, or for
   * some time after the provider has throttled.
   */
  readonly forced?: boolean;
}

/**
 * Reason why a provider may not be tried now. `open`: its circuit breaker is open. `quiet`: an attempt of this worker has just
 * failed. `isolated`: an operator has isolated the provider. `probing`: another message is the probe, which tests whether the
 * provider works. `held`: the provider has throttled a request, and gets no requests for some time (a hold). `warming`: the
 * provider's circuit has just closed, and slow start admits only a part of the messages, and not this message. `rate`: no slot of
 * the rate limit is free. `unready`: this process could not load the provider's code or secret, or cannot call the provider for
 * another reason of its own.
 */
export type SkipReason = 'open' | 'quiet' | 'isolated' | 'probing' | 'held' | 'warming' | 'rate' | 'unready';

/** The decision not to try the provider now. */
export interface Skip {
  readonly kind: 'skip';
  readonly reason: SkipReason;
  /**
   * Rank of the skip, higher if an attempt is less likely to succeed. If no provider is left for a message, the skipped provider
   * with the lowest rank is tried nevertheless (forced), if the reason of its skip allows it.
   */
  readonly rank: number;
  /**
   * Milliseconds until the gate may admit the message, in stack time (which on a local stack may run faster than the clock);
   * absent if unknown.
   */
  readonly againAfterMs?: number;
}

/** The decision about one message and one provider: the message is admitted (`go`) or the provider is skipped. */
export type Admission =
  | {
      readonly kind: 'go';
      /**
       * Must be called immediately before the provider is called. The rate limit has reserved a time slot for the message. If
       * this slot has passed, waits for another slot, or resolves with a skip if no slot is free soon. Without this check, all
       * messages that waited for one slow answer of the state table would be sent at the same time. Absent for a provider without
       * `maxPerSecond`. Never throws.
       */
      onTime?(): Promise<Skip | undefined>;
      /**
       * Reports the outcomes of the attempt: the general outcome, and the outcomes of recipients with a different outcome. The
       * list is empty if no attempt was made. Must be called once; further calls have no effect. Never throws.
       */
      leave(outcomes: readonly Outcome[]): Promise<void>;
    }
  | Skip;

/**
 * Circuit breakers and rate limits of all providers. Before each attempt, the gate decides whether a provider may be tried now.
 */
export interface Gate {
  /**
   * Decides whether a message is admitted to a provider. May wait a short time for a slot of the rate limit, or for the answer to
   * a probe. Never throws.
   */
  enter(provider: ProviderConfig, request: AdmissionRequest): Promise<Admission>;
  /**
   * Whether a provider is available now, and became available after this time in epoch milliseconds: its circuit closed, or its
   * hold or isolation ended. If so, waiting messages can be sent now.
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
 * loading would look like a slow answer to a probe, and would delay the messages that wait for this answer.
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
