import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Table } from '../platform/table.ts';
import type { Admission, AdmissionRequest, Gate, Skip } from './admission.ts';
import { isAwaitingAnswer, mayProbe } from './circuit.ts';
import { type AdmissionKind, CircuitReporter } from './circuit-reporter.ts';
import { type CircuitReading, CircuitStore } from './circuit-store.ts';
import { isHeld } from './hold.ts';
import { isIsolated } from './isolation.ts';
import { LATE_MS } from './limiter.ts';
import { Limiters } from './limiters.ts';
import { HEDGE_MS, LocalProbe, PROBE_ANSWERS, type ProbeTicket, type Turn } from './local-probe.ts';
import { ProbeElection } from './probe-election.ts';
import { type ProviderHealth, providerHealth } from './provider-health.ts';
import { skip } from './skip.ts';
import { isAdmitted } from './slow-start.ts';
import { type CircuitTimes, circuitTimes } from './times.ts';

/** Dependencies and settings of the gate. */
export interface GateContext {
  readonly providers: readonly ProviderConfig[];
  /** Largest number of workers that run at the same time. */
  readonly workers: number;
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /**
   * Number of seconds of stack time in one second of the clock. Stack time is the time for waits and ages. It may run faster than
   * the clock only on a local stack. @default 1
   */
  readonly timeScale?: number | undefined;
  readonly log: Log;
}

/**
 * Longest time from the admission of a message, in its slot of the rate limit, to the call of the provider, in milliseconds.
 * After this time the message needs another slot.
 */
const SLOT_LASTS_MS = 100;

/**
 * Creates the gate of this process. The gate decides whether a message may be sent to a provider now: by the circuit breakers
 * that all workers share, by the results of this worker's own attempts, and by the rate limits. A process must have only one
 * gate.
 */
export function createGate(context: GateContext): Gate {
  return new CircuitGate(context);
}

class CircuitGate implements Gate {
  readonly #context: GateContext;
  readonly #times: CircuitTimes;
  readonly #store: CircuitStore;
  readonly #reporter: CircuitReporter;
  readonly #localProbes = new Map<string, LocalProbe>();
  readonly #limiters: Limiters;
  /** Number of times that this process has seen a reset of a provider's circuit, by provider key. */
  readonly #resets = new Map<string, number>();
  readonly #election: ProbeElection;

  constructor(context: GateContext) {
    const { providers, workers, table, clock, random, timeScale = 1, log } = context;
    this.#context = context;
    this.#times = circuitTimes(timeScale);
    this.#store = new CircuitStore({
      providers: providers.map(({ key }) => key),
      table,
      clock,
      random,
      timeScale,
      onReset: (provider) => {
        this.#localProbe(provider).reset();
        this.#reporter.forget(provider);
        this.#resets.set(provider, this.#resetsOf(provider) + 1);
      },
    });
    this.#reporter = new CircuitReporter({ store: this.#store, clock, random, timeScale, times: this.#times, log });
    this.#limiters = new Limiters({ workers, table, clock, random }, (key) => this.#othersPerSecond(key));
    this.#election = new ProbeElection(this.#reporter, random().toString(36).slice(2));
  }

  async enter(provider: ProviderConfig, request: AdmissionRequest): Promise<Admission> {
    try {
      return await this.#enter(provider, request, this.#context.clock.now() + HEDGE_MS);
    } catch (error) {
      // A defect of the gate must not stop mail.
      this.#context.log.error('circuit breaker failed', { provider: provider.key, error: errorName(error) });
      return { kind: 'go', leave: async () => {} };
    }
  }

  async recoveredSince(time: number): Promise<boolean> {
    const now = this.#context.clock.now();
    const between = (end: number | undefined) => end !== undefined && end > time && end <= now;
    for (const { key } of this.#context.providers) {
      const { circuit, hold, isolation } = await this.#store.read(key);
      if (circuit.kind !== 'closed' || isHeld(hold, this.#moment()) || isIsolated(isolation, now)) continue;
      if (between(circuit.since) || between(hold?.until) || between(isolation?.until)) return true;
    }
    return false;
  }

  async #enter(provider: ProviderConfig, request: AdmissionRequest, deadline: number): Promise<Admission> {
    const { key } = provider;
    const forced = request.forced === true;
    const reading = await this.#store.read(key);
    const barred = this.#barred(reading);
    if (barred) return barred;
    const { circuit } = reading;
    if (circuit.kind === 'closed') {
      if (!forced && !isAdmitted(circuit, { id: request.id, key }, this.#moment()))
        return this.#skip('warming', reading);
      return this.#turn(provider, request, reading);
    }
    if (forced) return this.#force(provider, request, reading);
    // Another message of this worker is the probe: the one message that tests whether the provider works again. This message
    // waits a short time for the answer to the probe.
    const localProbe = this.#localProbe(key);
    if (localProbe.probing && circuit.kind === 'half-open') {
      if (await localProbe.probeEnds(deadline)) return this.#enter(provider, request, deadline);
      return this.#skip('probing', reading);
    }
    if (mayProbe(circuit, this.#moment())) return this.#elect(provider, request, reading);
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', reading);
  }

  /**
   * Returns the skip for a provider that an operator has isolated, or that has throttled and must not be called for some time (a
   * hold). It applies even to forced messages, for which no other provider is left. Returns undefined for any other provider.
   */
  #barred(reading: CircuitReading): Skip | undefined {
    if (isIsolated(reading.isolation, this.#context.clock.now())) return this.#skip('isolated', reading);
    return isHeld(reading.hold, this.#moment()) ? this.#skip('held', reading) : undefined;
  }

  /** Decides about a message while the circuit is closed, by the results of this worker's own attempts and by the rate limit. */
  async #turn(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const forced = request.forced === true;
    const localProbe = this.#localProbe(key);
    if (!forced && localProbe.ignorant && isAwaitingAnswer(reading.circuit, this.#moment()))
      return this.#skip('probing', reading);
    const stopped = await localProbe.stopped(forced);
    if (stopped) return this.#turnedAway(key, stopped, reading, deadlineMs);
    // The message becomes the probe only after it has a slot of the rate limit. Otherwise the wait for the slot would look like a
    // slow answer of the provider.
    const full = await this.#slot(provider, request);
    if (full) return full;
    const due = this.#context.clock.now();
    const turn = await localProbe.enter(forced);
    if (turn.kind !== 'go') return this.#turnedAway(key, turn, reading, deadlineMs);
    if (provider.maxPerSecond !== undefined && this.#context.clock.now() - due > LATE_MS) {
      // The time of the message's slot passed while the message waited for a probe. Without a new slot, all messages that waited
      // for this probe would be sent at the same time.
      localProbe.leave(turn.ticket, 'nothing');
      return this.#turn(provider, request, reading);
    }
    // The probe that this message waited for may have opened the circuit or set a hold.
    const barred = forced ? undefined : this.#nowBarred(key);
    if (!barred) return this.#go(provider, request, turn.ticket, { kind: 'usual' });
    localProbe.leave(turn.ticket, 'nothing');
    return barred;
  }

  async #turnedAway(
    key: string,
    turn: Exclude<Turn, { kind: 'go' }>,
    reading: CircuitReading,
    deadlineMs: number,
  ): Promise<Skip> {
    if (turn.kind === 'quiet') return this.#skip('quiet', reading, turn.until);
    if (turn.first) await this.#election.reportSlow(key, deadlineMs);
    return this.#skip('probing', reading);
  }

  #nowBarred(key: string): Skip | undefined {
    const reading = this.#store.known(key);
    return this.#barred(reading) ?? (reading.circuit.kind === 'open' ? this.#skip('open', reading) : undefined);
  }

  /**
   * Decides about a forced message while the circuit is not closed. Only one such message is admitted at a time, and none in the
   * quiet time, in which this worker does not call the provider after a failed probe.
   */
  async #force(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const localProbe = this.#localProbe(provider.key);
    const { quietUntil } = localProbe;
    if (quietUntil !== undefined) return this.#skip('quiet', reading, quietUntil);
    if (localProbe.probing) return this.#skip('probing', reading);
    // The circuit is given as the reason of the skip, and not the rate limit. With the rate limit as the reason, the message
    // would be tried again when the failing provider has a free slot, which would be of no use.
    const full = await this.#slot(provider, request);
    if (full) return this.#skip(reading.circuit.kind === 'open' ? 'open' : 'probing', reading);
    const turn = localProbe.claim();
    return turn ? this.#go(provider, request, turn.ticket, { kind: 'forced' }) : this.#skip('probing', reading);
  }

  /** Decides about a message that may become the probe of a circuit whose open time is over. */
  async #elect(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const localProbe = this.#localProbe(key);
    if (localProbe.probing) return this.#skip('probing', reading);
    const full = await this.#slot(provider, request);
    if (full) return full;
    const turn = localProbe.claim();
    if (!turn) return this.#skip('probing', reading);
    const elected = await this.#election.elect(key, deadlineMs);
    if (elected.kind !== 'lost') return this.#go(provider, request, turn.ticket, elected);
    localProbe.leave(turn.ticket, 'nothing');
    if (elected.to === 'busy') return this.#skip('probing', reading);
    return this.#skip(elected.to === 'open' ? 'open' : 'probing', this.#store.known(key));
  }

  /**
   * Waits for a slot (time for one call) of the provider's rate limit. Resolves with undefined when the time of the slot has
   * come, or if the provider has no rate limit. Resolves with a skip if no slot is free soon.
   */
  async #slot(provider: ProviderConfig, { queueKind }: AdmissionRequest): Promise<Skip | undefined> {
    const { clock } = this.#context;
    const limiter = this.#limiters.of(provider);
    if (!limiter) return undefined;
    for (;;) {
      const slot = await limiter.take(queueKind);
      if (slot.kind === 'away') return this.#skip('rate', this.#store.known(provider.key), clock.now() + slot.afterMs);
      await clock.sleep(slot.at - clock.now());
      if (await slot.isValid()) return undefined;
    }
  }

  /** Admits a message. If the provider has a rate limit, the message already has a slot. */
  #go(provider: ProviderConfig, request: AdmissionRequest, ticket: ProbeTicket, admission: AdmissionKind): Admission {
    const { log, clock } = this.#context;
    const { key, maxPerSecond } = provider;
    const resets = this.#resetsOf(key);
    const admittedAt = clock.now();
    const onTime = async () =>
      clock.now() - admittedAt > SLOT_LASTS_MS ? await this.#slot(provider, request) : undefined;
    let left = false;
    return {
      kind: 'go',
      ...defined({ onTime: maxPerSecond === undefined ? undefined : onTime }),
      leave: async (outcomes) => {
        if (left) return;
        left = true;
        try {
          // The attempt began before an operator reset the circuit. Its result shows nothing about the present state of the
          // provider.
          if (this.#resetsOf(key) !== resets) return void this.#localProbe(key).leave(ticket, 'nothing');
          // `outcomes` is empty if the message was admitted and then not sent, because the state table did not answer or too
          // little time was left.
          await this.#leave(key, ticket, admission, providerHealth(outcomes));
        } catch (error) {
          log.error('circuit breaker failed', { provider: key, error: errorName(error) });
        }
      },
    };
  }

  async #leave(key: string, ticket: ProbeTicket, admission: AdmissionKind, given: ProviderHealth): Promise<void> {
    // This worker's own attempts do not show that the provider works. The provider may then refuse every sender, and not only the
    // sender of this message. Therefore the refusal of a sender counts as a refusal of the account.
    const health: ProviderHealth =
      given.kind === 'sender-refused' && !this.#localProbe(key).proven ? { ...given, kind: 'account-refused' } : given;
    // The shared circuit is updated first, since it decides whether the messages of this process that wait for the probe are
    // admitted.
    await this.#reporter.briefly(this.#reporter.reportOutcome(key, admission, health));
    const answer = PROBE_ANSWERS[health.kind];
    const { wasSlow } = this.#localProbe(key).leave(ticket, answer);
    if (wasSlow && answer !== 'bad') await this.#election.reportAnswered(key);
  }

  #skip(reason: Skip['reason'], reading: CircuitReading, until?: number): Skip {
    const { clock, timeScale = 1 } = this.#context;
    return skip(reason, reading, { now: clock.now(), timeScale }, until);
  }

  #moment() {
    return { now: this.#context.clock.now(), times: this.#times };
  }

  #resetsOf(key: string): number {
    return this.#resets.get(key) ?? 0;
  }

  #localProbe(key: string): LocalProbe {
    const { clock, random } = this.#context;
    const localProbe = this.#localProbes.get(key) ?? new LocalProbe(clock, random, this.#times);
    this.#localProbes.set(key, localProbe);
    return localProbe;
  }

  /**
   * Returns the sum of the rate limits of the other providers that are available, in calls per second. These other providers get
   * the messages for which this provider has no free slot.
   */
  #othersPerSecond(provider: string): number {
    const available = this.#context.providers.filter(({ key }) => {
      const reading = this.#store.known(key);
      return key !== provider && reading.circuit.kind === 'closed' && !this.#barred(reading);
    });
    return available.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  }
}
