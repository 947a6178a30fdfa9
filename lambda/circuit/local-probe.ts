import type { Clock } from '../platform/clock.ts';
import { type CircuitTimes, jittered } from './times.ts';

/**
 * How long a mail waits for the answer of the one that is trying a provider out, in milliseconds of real time. Providers
 * answer well within a second; whoever waits longer is late for the next provider.
 */
export const HEDGE_MS = 1_000;

/** After so many failed probes in a row even a mail that has nobody else leaves the provider alone for a while. */
const GIVE_UP = 3;

/** Somebody who has passed; given back when the attempt is over. */
export interface ProbeTicket {
  readonly number: number;
  readonly probe: boolean;
}

/** What the attempt said of the provider. */
export type ProbeAnswer = 'good' | 'bad' | 'nothing';

/** What a mail is told. `quiet`: a probe failed a moment ago. */
export type Turn =
  | { readonly kind: 'go'; readonly ticket: ProbeTicket }
  /** Somebody is still finding out; `first` for the first one who has waited for it in vain. */
  | { readonly kind: 'probing'; readonly first: boolean }
  | { readonly kind: 'quiet'; readonly until: number };

/**
 * What one worker has seen of one provider. Until an attempt proves it, one mail is in flight and the others wait for its
 * answer; so a provider that breaks down costs what was in flight and one attempt for each quiet time, not one a mail.
 */
export class LocalProbe {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: CircuitTimes;
  #proven = false;
  #passed = 0;
  /** Tickets up to this one began before the last failure, and prove nothing. */
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

  /** Passes at once, or after the answer of the mail before. `forced`: there is nobody else to go to. */
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

  /** What keeps a mail from passing, after a short wait for the answer of the mail before; undefined if nothing does. */
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

  /** The turn of the one mail that is let in, quiet or not; undefined while there is one already. */
  claim(): Extract<Turn, { kind: 'go' }> | undefined {
    return this.#probe ? undefined : this.#pass(true);
  }

  /** The provider was seen to work, and not to fail since. */
  get proven(): boolean {
    return this.#proven;
  }

  /** Nothing is known of the provider, and nobody is finding out. */
  get ignorant(): boolean {
    return !this.#proven && !this.#probe;
  }

  get probing(): boolean {
    return this.#probe !== undefined;
  }

  /** When the worker may be ready to try again, if it leaves the provider alone. */
  get quietUntil(): number | undefined {
    return this.#isQuiet(this.#clock.now()) ? this.#quietUntil : undefined;
  }

  /** Waits for the end of the probe; false if it is not there in time, or has kept others waiting for that long already. */
  async probeEnds(deadline: number): Promise<boolean> {
    const probe = this.#probe;
    if (!probe) return true;
    const now = this.#clock.now();
    if (now - probe.since < HEDGE_MS && now < deadline) await this.#clock.sleep(deadline - now, probe.ended.signal);
    return this.#probe !== probe;
  }

  /** `doubted`: it was the probe, and somebody has waited for it in vain. */
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

  /** Forgets what was learned, when somebody has reset the circuits. */
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

  /** A quiet time that no probe can have set comes from a clock that was put back. */
  #isQuiet(now: number): boolean {
    return now < this.#quietUntil && this.#quietUntil - now <= jittered(this.#times.quietMostMs, 1);
  }
}
