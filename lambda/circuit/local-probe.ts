import type { Clock } from '../platform/clock.ts';
import type { ProviderHealth } from './provider-health.ts';
import { type CircuitTimes, jittered } from './times.ts';

/**
 * Longest time for which a message waits for the answer to the probe, in milliseconds of real time. The probe is another message
 * that tests whether the provider works. A provider normally answers in much less than a second. A longer wait would only delay
 * the attempt at the next provider.
 */
export const HEDGE_MS = 1_000;

/**
 * Number of consecutive failed probes after which no message is admitted in the quiet time, not even a forced message, for which
 * no other provider is left. The quiet time is the time after a failed probe in which this worker does not call the provider.
 */
const GIVE_UP = 3;

/**
 * Permission for one attempt at the provider. After the attempt, the caller passes the ticket and the result to `leave`. `number`
 * counts the tickets of this worker for the provider. `probe`: whether the attempt is the probe.
 */
export interface ProbeTicket {
  readonly number: number;
  readonly probe: boolean;
}

/**
 * Conclusion from the result of an attempt: the provider works (`good`), the provider fails (`bad`), or the result shows neither
 * (`nothing`).
 */
export type ProbeAnswer = 'good' | 'bad' | 'nothing';

/** The conclusion for each kind of result that the circuit breaker distinguishes. */
export const PROBE_ANSWERS: Readonly<Record<ProviderHealth['kind'], ProbeAnswer>> = {
  accepted: 'good',
  answered: 'good',
  'sender-refused': 'good',
  failed: 'bad',
  'account-refused': 'bad',
  throttled: 'nothing',
  unasked: 'nothing',
};

/**
 * Decision whether one message may be sent to the provider now. `quiet`: the message may not be sent before `until` (epoch
 * milliseconds), because a probe has just failed.
 */
export type Turn =
  | { readonly kind: 'go'; readonly ticket: ProbeTicket }
  /**
   * The message may not be sent now, because another message is the probe and has no answer yet. `first`: this message is the
   * first message that waited for this probe until the time-out.
   */
  | { readonly kind: 'probing'; readonly first: boolean }
  | { readonly kind: 'quiet'; readonly until: number };

/**
 * State of one provider as one worker knows it from its own attempts. Until an attempt succeeds, the worker sends only one
 * message to the provider (the probe), and its other messages wait for the answer. After a failed probe, the worker does not call
 * the provider for some time (the quiet time). Therefore an outage does not cause a failed attempt for every message: only the
 * attempts that have already begun fail, and one attempt after each quiet time.
 */
export class LocalProbe {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: CircuitTimes;
  #proven = false;
  #passed = 0;
  /**
   * Number of the last ticket that was issued before the last failure. If an attempt with this ticket or an earlier ticket
   * succeeds, its success does not prove that the provider works now.
   */
  #failedAt = 0;
  #failedProbes = 0;
  #quietUntil = 0;
  #probe:
    | { readonly number: number; readonly since: number; readonly ended: AbortController; isSlow: boolean }
    | undefined;

  constructor(clock: Clock, random: () => number, times: CircuitTimes) {
    this.#clock = clock;
    this.#random = random;
    this.#times = times;
  }

  /**
   * Decides whether a message may be sent to the provider: immediately or, if a probe is running, after its answer or the
   * time-out {@link HEDGE_MS}. `forced`: no other provider is left for the message.
   */
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

  /**
   * Returns the reason why a message may not be sent to the provider; undefined if the message may be sent. If a probe is
   * running, waits for the end of the probe, but not longer than until the deadline.
   */
  async stopped(
    forced: boolean,
    deadline = this.#clock.now() + HEDGE_MS,
  ): Promise<Exclude<Turn, { kind: 'go' }> | undefined> {
    for (;;) {
      if (this.#proven) return undefined;
      if (this.#isQuiet(this.#clock.now()) && !(forced && this.#failedProbes < GIVE_UP))
        return { kind: 'quiet', until: this.#quietUntil };
      if (!this.#probe || forced) return undefined;
      if (!(await this.probeEnds(deadline))) return { kind: 'probing', first: this.#markSlow() };
    }
  }

  /** Makes this message the probe, even in the quiet time. Returns undefined if another message is already the probe. */
  claim(): Extract<Turn, { kind: 'go' }> | undefined {
    return this.#probe ? undefined : this.#pass(true);
  }

  /**
   * Whether this worker's attempts show that the provider works. The result `good` makes this true, and the result `bad` makes it
   * false. It is not changed by the result `nothing`, or by the result `good` of an attempt that began before the last failure.
   */
  get proven(): boolean {
    return this.#proven;
  }

  /** Whether this worker's attempts do not show that the provider works, and no probe is running. */
  get ignorant(): boolean {
    return !this.#proven && !this.#probe;
  }

  get probing(): boolean {
    return this.#probe !== undefined;
  }

  /** End of the quiet time in epoch milliseconds; undefined if it is not quiet time now. */
  get quietUntil(): number | undefined {
    return this.#isQuiet(this.#clock.now()) ? this.#quietUntil : undefined;
  }

  /**
   * Waits for the end of the probe. Resolves with true if the probe has ended, or if there is none. Resolves with false if the
   * probe does not end before the deadline, or if the probe had already run for {@link HEDGE_MS} at the time of the call.
   */
  async probeEnds(deadline: number): Promise<boolean> {
    const probe = this.#probe;
    if (!probe) return true;
    const now = this.#clock.now();
    if (now - probe.since < HEDGE_MS && now < deadline) await this.#clock.sleep(deadline - now, probe.ended.signal);
    return this.#probe !== probe;
  }

  /**
   * Ends an attempt with its result. `wasSlow` is true if the attempt was the probe and another message had waited for its result
   * until the time-out.
   */
  leave(ticket: ProbeTicket, answer: ProbeAnswer): { readonly wasSlow: boolean } {
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
    return { wasSlow: current?.isSlow === true };
  }

  /** Ends the quiet time, because the provider's circuit breaker was reset. */
  reset(): void {
    this.#failedProbes = 0;
    this.#quietUntil = 0;
  }

  #pass(probe: boolean): Extract<Turn, { kind: 'go' }> {
    this.#passed += 1;
    const number = this.#passed;
    if (probe) this.#probe = { number, since: this.#clock.now(), ended: new AbortController(), isSlow: false };
    return { kind: 'go', ticket: { number, probe } };
  }

  #markSlow(): boolean {
    if (!this.#probe || this.#probe.isSlow) return false;
    this.#probe.isSlow = true;
    return true;
  }

  #keepQuiet(): void {
    const ms = Math.min(this.#times.quietMostMs, this.#times.quietMs * 1.5 ** this.#failedProbes);
    this.#failedProbes += 1;
    this.#quietUntil = this.#clock.now() + jittered(ms, this.#random());
  }

  /**
   * Returns whether it is quiet time at the time `now`. If the end of the quiet time is further away than the longest quiet time,
   * the clock was set back, and the quiet time is ignored.
   */
  #isQuiet(now: number): boolean {
    return now < this.#quietUntil && this.#quietUntil - now <= jittered(this.#times.quietMostMs, 1);
  }
}
