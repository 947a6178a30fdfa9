import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
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
import { type ProviderHealth, providerHealth } from './provider-health.ts';
import { skip } from './skip.ts';
import { isAdmitted } from './slow-start.ts';
import { type CircuitTimes, circuitTimes } from './times.ts';

export interface GateContext {
  readonly providers: readonly ProviderConfig[];
  /** Largest number of workers at a time. */
  readonly workers: number;
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /** @default 1 */
  readonly timeScale?: number | undefined;
  readonly log: Log;
}

/** Time after the deadline of a probe before another worker may probe, in case the probing worker has ended. */
const LEASE_MARGIN_MS = 5_000;

/** Longest time from a slot of the rate to the call, in milliseconds: for longer the message takes another slot. */
const SLOT_LASTS_MS = 100;

/** The gate of this process: decides by the shared circuits and by this worker's own attempts. Create one per process. */
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
  /** Number of resets of each provider's circuit. */
  readonly #resets = new Map<string, number>();
  readonly #worker: string;
  #probes = 0;

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
    this.#worker = random().toString(36).slice(2);
  }

  async enter(provider: ProviderConfig, request: AdmissionRequest): Promise<Admission> {
    try {
      return await this.#enter(provider, request, this.#context.clock.now() + HEDGE_MS);
    } catch (error) {
      // A defect here must not stop mail.
      this.#context.log.error('gate failed', { provider: provider.key, error: errorName(error) });
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
    // This worker itself is probing: its answer is waited for shortly.
    const localProbe = this.#localProbe(key);
    if (localProbe.probing && circuit.kind === 'half-open') {
      if (await localProbe.probeEnds(deadline)) return this.#enter(provider, request, deadline);
      return this.#skip('probing', reading);
    }
    if (mayProbe(circuit, this.#moment())) return this.#elect(provider, request, reading);
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', reading);
  }

  /** A skip that holds even for forced messages: an isolation or a hold. */
  #barred(reading: CircuitReading): Skip | undefined {
    if (isIsolated(reading.isolation, this.#context.clock.now())) return this.#skip('isolated', reading);
    return isHeld(reading.hold, this.#moment()) ? this.#skip('held', reading) : undefined;
  }

  /** Admission by this worker's own attempts, while the circuit is closed. */
  async #turn(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const forced = request.forced === true;
    const localProbe = this.#localProbe(key);
    if (!forced && localProbe.ignorant && isAwaitingAnswer(reading.circuit, this.#moment()))
      return this.#skip('probing', reading);
    const stopped = await localProbe.stopped(forced);
    if (stopped) return this.#turnedAway(key, stopped, reading, deadlineMs);
    // The message becomes the probe only after it has a slot: while it waits for the slot, the provider must not seem
    // to be without an answer.
    const full = await this.#slot(provider, request);
    if (full) return full;
    const due = this.#context.clock.now();
    const turn = await localProbe.enter(forced);
    if (turn.kind !== 'go') return this.#turnedAway(key, turn, reading, deadlineMs);
    if (provider.maxPerSecond !== undefined && this.#context.clock.now() - due > LATE_MS) {
      // The time of the message's slot has passed. Without a new slot, all messages that waited for the same probe would be sent
      // at once.
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
    if (turn.first) {
      const doubt = { kind: 'doubted', by: this.#worker, leaseMs: deadlineMs + LEASE_MARGIN_MS } as const;
      await this.#reporter.briefly(this.#reporter.report(key, doubt));
    }
    return this.#skip('probing', reading);
  }

  #nowBarred(key: string): Skip | undefined {
    const reading = this.#store.known(key);
    return this.#barred(reading) ?? (reading.circuit.kind === 'open' ? this.#skip('open', reading) : undefined);
  }

  /** Admission of a forced message: one at a time, and none within the quiet time after a failure. */
  async #force(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const localProbe = this.#localProbe(provider.key);
    const { quietUntil } = localProbe;
    if (quietUntil !== undefined) return this.#skip('quiet', reading, quietUntil);
    if (localProbe.probing) return this.#skip('probing', reading);
    // A message that would only be tried because no other provider is left need not return for a slot of a failing one.
    const full = await this.#slot(provider, request);
    if (full) return this.#skip(reading.circuit.kind === 'open' ? 'open' : 'probing', reading);
    const turn = localProbe.claim();
    return turn ? this.#go(provider, request, turn.ticket, { kind: 'forced' }) : this.#skip('probing', reading);
  }

  /** Election of a probe for a circuit whose open time is over: the first worker to write the lease may try. */
  async #elect(provider: ProviderConfig, request: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const localProbe = this.#localProbe(key);
    if (localProbe.probing) return this.#skip('probing', reading);
    const full = await this.#slot(provider, request);
    if (full) return full;
    const turn = localProbe.claim();
    if (!turn) return this.#skip('probing', reading);
    this.#probes += 1;
    const by = `${this.#worker}-${this.#probes}`;
    const election = { by, leaseMs: deadlineMs + LEASE_MARGIN_MS };
    const elected = await this.#reporter.briefly(this.#reporter.elect(key, election));
    if (elected === 'busy') {
      localProbe.leave(turn.ticket, 'nothing');
      return this.#skip('probing', reading);
    }
    // Without the table there is no election: each worker probes for itself.
    if (!elected) return this.#go(provider, request, turn.ticket, { kind: 'usual' });
    const { circuit } = elected;
    if (circuit.kind === 'half-open' && circuit.probe?.by === by)
      return this.#go(provider, request, turn.ticket, { kind: 'elected', by });
    localProbe.leave(turn.ticket, 'nothing');
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', this.#store.known(key));
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

  /** The admission of a message, which has a slot now if the provider has a rate. */
  #go(provider: ProviderConfig, request: AdmissionRequest, ticket: ProbeTicket, admission: AdmissionKind): Admission {
    const { log, clock } = this.#context;
    const { key, maxPerSecond } = provider;
    const resets = this.#resetsOf(key);
    const admittedAt = clock.now();
    let left = false;
    return {
      kind: 'go',
      ...(maxPerSecond !== undefined && {
        onTime: async () =>
          clock.now() - admittedAt > SLOT_LASTS_MS ? await this.#slot(provider, request) : undefined,
      }),
      leave: async (outcomes) => {
        if (left) return;
        left = true;
        try {
          // The attempt began before a reset, so it says nothing about the present.
          if (this.#resetsOf(key) !== resets) return void this.#localProbe(key).leave(ticket, 'nothing');
          // Without outcomes the message was admitted and then not sent, because the ledger was unavailable or the time
          // was over.
          await this.#leave(key, ticket, admission, providerHealth(outcomes));
        } catch (error) {
          log.error('gate failed', { provider: key, error: errorName(error) });
        }
      },
    };
  }

  async #leave(key: string, ticket: ProbeTicket, admission: AdmissionKind, given: ProviderHealth): Promise<void> {
    // A provider that has accepted nothing yet may refuse every sender, not only the present one: that counts as a refused
    // account.
    const health: ProviderHealth =
      given.kind === 'sender-refused' && !this.#localProbe(key).proven ? { ...given, kind: 'account-refused' } : given;
    // Messages that wait for the local probe decide by the shared circuit, so it is updated first.
    await this.#reporter.briefly(this.#reporter.reportOutcome(key, admission, health));
    const answer = PROBE_ANSWERS[health.kind];
    const { doubted } = this.#localProbe(key).leave(ticket, answer);
    if (doubted && answer !== 'bad')
      await this.#reporter.briefly(this.#reporter.report(key, { kind: 'answered', by: this.#worker }));
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

  /** Combined rate of the other providers that are available: they take messages that find no slot here. */
  #othersPerSecond(provider: string): number {
    const well = this.#context.providers.filter(({ key }) => {
      const reading = this.#store.known(key);
      return key !== provider && reading.circuit.kind === 'closed' && !this.#barred(reading);
    });
    return well.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  }
}
