import type { Clock } from '../platform/clock.ts';
import type { ProviderHealth } from './provider-health.ts';
import { type CircuitTimes, jittered } from './times.ts';

/**
 * How long a message waits for the answer to the one that is probing the provider, in milliseconds of real time.
 * Providers answer well within a second; a longer wait would only delay the next provider.
 */
export const HEDGE_MS = 1_000;

/** Failed probes in a row after which even forced messages leave the provider alone for a while. */
const GIVE_UP = 3;

/** Permission for one attempt; returned with its result. */
export interface ProbeTicket {
  readonly number: number;
  readonly probe: boolean;
}

/** Result of an attempt, as far as it concerns the provider. */
export type ProbeAnswer = 'good' | 'bad' | 'nothing';

/** The result of an attempt by what it says about the provider. */
export const PROBE_ANSWERS: Readonly<Record<ProviderHealth['kind'], ProbeAnswer>> = {
  accepted: 'good',
  answered: 'good',
  'sender-refused': 'good',
  failed: 'bad',
  'account-refused': 'bad',
  throttled: 'nothing',
  unasked: 'nothing',
};

/** Decision for one message. `quiet`: a probe failed a moment ago. */
export type Turn =
  | { readonly kind: 'go'; readonly ticket: ProbeTicket }
  /** Another message is still probing; `first`: this is the first message that waited for it until the time-out. */
  | { readonly kind: 'probing'; readonly first: boolean }
  | { readonly kind: 'quiet'; readonly until: number };

/**
 * Experience of one worker with one provider. Until an attempt succeeds, one message is in flight and the others wait for
 * its answer. So an outage costs the attempts in flight and one attempt per quiet time, not one per message.
 */
export class LocalProbe {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: CircuitTimes;
  #proven = false;
  #passed = 0;
  /** Tickets up to this number were issued before the last failure: their success proves nothing. */
  #failedAt = 0;
  #failedProbes = 0;
  #quietUntil = 0;
  #probe:
    | { readonly number: number; readonly since: number; readonly ended: AbortController; doubted: boolean }
    | undefined;

  constructor(clock: Clock, random: () => number, times: CircuitTimes) {
    this.#clock = clock;
    this.#random = random;
    this.#times = times;
  }

  /** Admits a message at once, or after the answer to the probe. `forced`: no other provider is left. */
  async enter(forced: boolean): Promise<Turn> {
    const deadline = this.#clock.now() + HEDGE_MS;
    for (;;) {
      const stop = await this.stopped(forced, deadline);
      if (stop) return stop;
      if (this.#proven) return this.#pass(false);
      const turn = this.claim();
      if (turn) return turn;
      if (forced) return this.#pass(false);
    }
  }

  /** Why a message is not admitted, after a short wait for the probe; undefined if it may be. */
  async stopped(
    forced: boolean,
    deadline = this.#clock.now() + HEDGE_MS,
  ): Promise<Exclude<Turn, { kind: 'go' }> | undefined> {
    for (;;) {
      if (this.#proven) return undefined;
      if (this.#isQuiet(this.#clock.now()) && !(forced && this.#failedProbes < GIVE_UP))
        return { kind: 'quiet', until: this.#quietUntil };
      if (!this.#probe || forced) return undefined;
      if (!(await this.probeEnds(deadline))) return { kind: 'probing', first: this.#doubt() };
    }
  }

  /** Makes this message the probe, quiet time or not; undefined while there is one already. */
  claim(): Extract<Turn, { kind: 'go' }> | undefined {
    return this.#probe ? undefined : this.#pass(true);
  }

  /** Whether the last attempt with a result about the provider succeeded. */
  get proven(): boolean {
    return this.#proven;
  }

  /** Whether nothing is known of the provider and no probe is under way. */
  get ignorant(): boolean {
    return !this.#proven && !this.#probe;
  }

  get probing(): boolean {
    return this.#probe !== undefined;
  }

  /** End of the quiet time, if the provider is left alone now. */
  get quietUntil(): number | undefined {
    return this.#isQuiet(this.#clock.now()) ? this.#quietUntil : undefined;
  }

  /**
   * Waits for the end of the probe; false if it does not end by the deadline, or has already run longer than a message
   * waits.
   */
  async probeEnds(deadline: number): Promise<boolean> {
    const probe = this.#probe;
    if (!probe) return true;
    const now = this.#clock.now();
    if (now - probe.since < HEDGE_MS && now < deadline) await this.#clock.sleep(deadline - now, probe.ended.signal);
    return this.#probe !== probe;
  }

  /** Returns a ticket with the result. `doubted`: it was the probe, and a message waited for it until the time-out. */
  leave(ticket: ProbeTicket, answer: ProbeAnswer): { readonly doubted: boolean } {
    const current = ticket.probe && this.#probe?.number === ticket.number ? this.#probe : undefined;
    if (current) this.#probe = undefined;
    const news = ticket.number > this.#failedAt;
    if (answer === 'good' && news) {
      this.#proven = true;
      this.#failedProbes = 0;
      this.#quietUntil = 0;
    }
    if (answer === 'bad') {
      if (ticket.probe || (news && !this.#proven)) this.#keepQuiet();
      this.#proven = false;
      this.#failedAt = this.#passed;
    }
    current?.ended.abort('ended');
    return { doubted: current?.doubted === true };
  }

  /** Ends the quiet time, after an operator has reset the circuit. */
  reset(): void {
    this.#failedProbes = 0;
    this.#quietUntil = 0;
  }

  #pass(probe: boolean): Extract<Turn, { kind: 'go' }> {
    this.#passed += 1;
    const number = this.#passed;
    if (probe) this.#probe = { number, since: this.#clock.now(), ended: new AbortController(), doubted: false };
    return { kind: 'go', ticket: { number, probe } };
  }

  #doubt(): boolean {
    if (!this.#probe || this.#probe.doubted) return false;
    this.#probe.doubted = true;
    return true;
  }

  #keepQuiet(): void {
    const ms = Math.min(this.#times.quietMostMs, this.#times.quietMs * 1.5 ** this.#failedProbes);
    this.#failedProbes += 1;
    this.#quietUntil = this.#clock.now() + jittered(ms, this.#random());
  }

  /** A quiet time longer than the longest that a failed probe sets comes from a clock that was set back. */
  #isQuiet(now: number): boolean {
    return now < this.#quietUntil && this.#quietUntil - now <= jittered(this.#times.quietMostMs, 1);
  }
}
