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

export interface GateContext {
  readonly providers: readonly ProviderConfig[];
  /** Largest number of workers that run at the same time. */
  readonly workers: number;
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /** How many times faster stack time runs than the clock. @default 1 */
  readonly timeScale?: number | undefined;
  readonly log: Log;
}

/**
 * Longest time from a slot of the rate limit to the call of the provider, in milliseconds. After this time the message takes
 * another slot.
 */
const SLOT_LASTS_MS = 100;

/**
 * The gate of this process. Decides whether a message may be sent to a provider now, by the shared circuits and by the results of
 * this worker's own attempts. Create one per process.
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
  /** Number of times that each provider's circuit was reset, by provider key. */
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
    // Another message of this worker is the probe. This message waits a short time for the answer to the probe.
    const localProbe = this.#localProbe(key);
    if (localProbe.probing && circuit.kind === 'half-open') {
      if (await localProbe.probeEnds(deadline)) return this.#enter(provider, request, deadline);
      return this.#skip('probing', reading);
    }
    if (mayProbe(circuit, this.#moment())) return this.#elect(provider, request, reading);
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', reading);
  }

  /** Returns the skip that applies even to forced messages: for an isolation or a hold. */
  #barred(reading: CircuitReading): Skip | undefined {
    if (isIsolated(reading.isolation, this.#context.clock.now())) return this.#skip('isolated', reading);
    return isHeld(reading.hold, this.#moment()) ? this.#skip('held', reading) : undefined;
  }

  /** Admission while the circuit is closed, decided by this worker's own attempts. */
  async #turn(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const forced = request.forced === true;
    const localProbe = this.#localProbe(key);
    if (!forced && localProbe.ignorant && isAwaitingAnswer(reading.circuit, this.#moment()))
      return this.#skip('probing', reading);
    const stopped = await localProbe.stopped(forced);
    if (stopped) return this.#turnedAway(key, stopped, reading, deadlineMs);
    // The message becomes the probe only after it has a slot: the wait for the slot must not look like a slow answer of the
    // provider.
    const full = await this.#slot(provider, request);
    if (full) return full;
    const due = this.#context.clock.now();
    const turn = await localProbe.enter(forced);
    if (turn.kind !== 'go') return this.#turnedAway(key, turn, reading, deadlineMs);
    if (provider.maxPerSecond !== undefined && this.#context.clock.now() - due > LATE_MS) {
      // The time of the message's slot has passed. Without a new slot, all messages that waited for the same probe would be sent
      // at the same time.
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

  /** Decides about a forced message: one is admitted at a time, and none within the quiet time after a failure. */
  async #force(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const localProbe = this.#localProbe(provider.key);
    const { quietUntil } = localProbe;
    if (quietUntil !== undefined) return this.#skip('quiet', reading, quietUntil);
    if (localProbe.probing) return this.#skip('probing', reading);
    // The reason of the skip is the circuit, not the rate limit: a forced message need not return when the failing provider has a
    // free slot.
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

  /** Waits for a slot of the provider's rate; returns a skip if no slot is free soon. */
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

  /** Admits a message. If the provider has a rate limit, a slot was reserved for the message before. */
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
          // The attempt began before an operator reset the circuit, so its result says nothing about the provider's present
          // state.
          if (this.#resetsOf(key) !== resets) return void this.#localProbe(key).leave(ticket, 'nothing');
          // Without outcomes the message was admitted and then not sent, because the ledger was unavailable or the time
          // was over.
          await this.#leave(key, ticket, admission, providerHealth(outcomes));
        } catch (error) {
          log.error('circuit breaker failed', { provider: key, error: errorName(error) });
        }
      },
    };
  }

  async #leave(key: string, ticket: ProbeTicket, admission: AdmissionKind, given: ProviderHealth): Promise<void> {
    // A provider that has accepted no mail yet may refuse every sender, not only the sender of this message. So the refusal of a
    // sender counts as a refusal of the account.
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
   * Returns the combined rate of the other providers that are available. These providers get the messages for which this provider
   * has no free slot.
   */
  #othersPerSecond(provider: string): number {
    const well = this.#context.providers.filter(({ key }) => {
      const reading = this.#store.known(key);
      return key !== provider && reading.circuit.kind === 'closed' && !this.#barred(reading);
    });
    return well.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  }
}
