import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Table } from '../platform/table.ts';
import type { Admission, AdmissionRequest, Gate } from './admission.ts';
import { isAwaitingAnswer, mayProbe } from './circuit.ts';
import { type AdmissionKind, CircuitReporter } from './circuit-reporter.ts';
import { type CircuitReading, CircuitStore } from './circuit-store.ts';
import { isHeld } from './hold.ts';
import { isIsolated } from './isolation.ts';
import { Limiter } from './limiter.ts';
import { HEDGE_MS, LocalProbe, type ProbeAnswer, type ProbeTicket, type Turn } from './local-probe.ts';
import { type ProviderHealth, providerHealth } from './provider-health.ts';
import { type CircuitSkip, skip } from './skip.ts';
import { isAdmitted } from './slow-start.ts';
import { type CircuitTimes, circuitTimes } from './times.ts';

/** Everything the gate touches outside itself. */
export interface GateContext {
  readonly providers: readonly ProviderConfig[];
  readonly table: Table;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** @default 1 */
  readonly timeScale?: number;
  readonly log: Log;
}

/** Beyond the deadline of the attempt, until others take over from a prober that died. */
const LEASE_MARGIN_MS = 5_000;

/** Decides by the shared circuits and by what this process has seen itself; one for the life of the process. */
export function createGate(context: GateContext): Gate {
  const gate = new CircuitGate(context);
  return {
    enter: (provider, passenger) => gate.enter(provider, passenger),
    recoveredSince: (time) => gate.recoveredSince(time),
  };
}

class CircuitGate implements Gate {
  readonly #context: GateContext;
  readonly #times: CircuitTimes;
  readonly #board: CircuitStore;
  readonly #teller: CircuitReporter;
  readonly #turnstiles = new Map<string, LocalProbe>();
  readonly #limiters = new Map<string, Limiter>();
  /** How often the circuit of a provider was reset. */
  readonly #resets = new Map<string, number>();
  readonly #worker: string;
  #probes = 0;

  constructor(context: GateContext) {
    const { providers, table, clock, random, timeScale = 1, log } = context;
    this.#context = context;
    this.#times = circuitTimes(timeScale);
    this.#board = new CircuitStore({
      providers: providers.map(({ key }) => key),
      table,
      clock,
      timeScale,
      onReset: (provider) => {
        this.#turnstile(provider).reset();
        this.#teller.forget(provider);
        this.#resets.set(provider, this.#resetsOf(provider) + 1);
      },
    });
    this.#teller = new CircuitReporter({ board: this.#board, clock, random, timeScale, times: this.#times, log });
    this.#worker = random().toString(36).slice(2);
  }

  async enter(provider: ProviderConfig, passenger: AdmissionRequest): Promise<Admission> {
    try {
      return await this.#enter(provider, passenger, this.#context.clock.now() + HEDGE_MS);
    } catch (error) {
      // A defect here must not keep mail from going out.
      this.#context.log.error('gate failed', { provider: provider.key, error: nameOf(error) });
      return { kind: 'go', leave: async () => {} };
    }
  }

  async recoveredSince(time: number): Promise<boolean> {
    const now = this.#context.clock.now();
    const between = (end: number | undefined) => end !== undefined && end > time && end <= now;
    for (const { key } of this.#context.providers) {
      const { circuit, hold, isolation } = await this.#board.read(key);
      if (circuit.kind !== 'closed' || isHeld(hold, this.#moment()) || isIsolated(isolation, now)) continue;
      if (between(circuit.since) || between(hold?.until) || between(isolation?.until)) return true;
    }
    return false;
  }

  async #enter(provider: ProviderConfig, passenger: AdmissionRequest, deadline: number): Promise<Admission> {
    const { key } = provider;
    const forced = passenger.forced === true;
    const reading = await this.#board.read(key);
    const barred = this.#barred(reading);
    if (barred) return barred;
    const { circuit } = reading;
    if (circuit.kind === 'closed') {
      if (!forced && !isAdmitted(circuit, { id: passenger.id, key }, this.#moment()))
        return this.#skip('warming', reading);
      return this.#turn(provider, passenger, reading);
    }
    if (forced) return this.#force(provider, passenger, reading);
    // This worker's own probe is under way: its answer is worth a short wait.
    const turnstile = this.#turnstile(key);
    if (turnstile.probing && circuit.kind === 'half-open') {
      if (await turnstile.probeEnds(deadline)) return this.#enter(provider, passenger, deadline);
      return this.#skip('probing', reading);
    }
    if (mayProbe(circuit, this.#moment())) return this.#elect(provider, passenger, reading);
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', reading);
  }

  /** What nobody passes, forced or not. */
  #barred(reading: CircuitReading): CircuitSkip | undefined {
    if (isIsolated(reading.isolation, this.#context.clock.now())) return this.#skip('isolated', reading);
    return isHeld(reading.hold, this.#moment()) ? this.#skip('held', reading) : undefined;
  }

  /** The circuit is closed: what this worker has seen of the provider decides. */
  async #turn(provider: ProviderConfig, passenger: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const forced = passenger.forced === true;
    const turnstile = this.#turnstile(key);
    if (!forced && turnstile.ignorant && isAwaitingAnswer(reading.circuit, this.#moment()))
      return this.#skip('probing', reading);
    const stopped = await turnstile.stopped(forced);
    if (stopped) return this.#turnedAway(key, stopped, reading, deadlineMs);
    // A ticket is taken only with the slot: a mail that waits for its rate would look like a provider that does not answer.
    const full = await this.#slot(provider, passenger);
    if (full) return full;
    const turn = await turnstile.enter(forced);
    if (turn.kind !== 'go') return this.#turnedAway(key, turn, reading, deadlineMs);
    // The mail that was waited for may have learned that nobody is to pass now.
    const barred = forced ? undefined : this.#nowBarred(key);
    if (!barred) return this.#go(key, turn.ticket, { kind: 'usual' });
    turnstile.leave(turn.ticket, 'nothing');
    return barred;
  }

  async #turnedAway(
    key: string,
    turn: Exclude<Turn, { kind: 'go' }>,
    reading: CircuitReading,
    deadlineMs: number,
  ): Promise<CircuitSkip> {
    if (turn.kind === 'quiet') return this.#skip('quiet', reading, turn.until);
    if (turn.first) {
      const doubt = { kind: 'doubted', by: this.#worker, leaseMs: deadlineMs + LEASE_MARGIN_MS } as const;
      await this.#teller.patiently(this.#teller.tell(key, doubt));
    }
    return this.#skip('probing', reading);
  }

  #nowBarred(key: string): CircuitSkip | undefined {
    const reading = this.#board.known(key);
    return this.#barred(reading) ?? (reading.circuit.kind === 'open' ? this.#skip('open', reading) : undefined);
  }

  /** All providers are closed off, and this is the least bad one: one mail at a time, and none just after it failed. */
  async #force(provider: ProviderConfig, passenger: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const turnstile = this.#turnstile(provider.key);
    const { quietUntil } = turnstile;
    if (quietUntil !== undefined) return this.#skip('quiet', reading, quietUntil);
    if (turnstile.probing) return this.#skip('probing', reading);
    const full = await this.#slot(provider, passenger);
    if (full) return full;
    const turn = turnstile.claim();
    return turn ? this.#go(provider.key, turn.ticket, { kind: 'forced' }) : this.#skip('probing', reading);
  }

  /** The circuit is due: whoever writes first may try, for all workers. */
  async #elect(provider: ProviderConfig, passenger: AdmissionRequest, reading: CircuitReading): Promise<Admission> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const turnstile = this.#turnstile(key);
    if (turnstile.probing) return this.#skip('probing', reading);
    const full = await this.#slot(provider, passenger);
    if (full) return full;
    const turn = turnstile.claim();
    if (!turn) return this.#skip('probing', reading);
    this.#probes += 1;
    const by = `${this.#worker}-${this.#probes}`;
    const election = { kind: 'elect', by, leaseMs: deadlineMs + LEASE_MARGIN_MS } as const;
    const told = await this.#teller.patiently(this.#teller.tell(key, election));
    // Without the table nobody is elected, and each worker finds out for itself.
    if (!told) return this.#go(key, turn.ticket, { kind: 'usual' });
    const { circuit } = told;
    if (circuit.kind === 'half-open' && circuit.probe?.by === by)
      return this.#go(key, turn.ticket, { kind: 'elected', by });
    turnstile.leave(turn.ticket, 'nothing');
    return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', this.#board.known(key));
  }

  /** Waits until the provider's rate lets this mail go; a skip if that is not soon. */
  async #slot(provider: ProviderConfig, { lane }: AdmissionRequest): Promise<CircuitSkip | undefined> {
    const { clock } = this.#context;
    const slot = await this.#limiter(provider)?.take(lane);
    if (slot?.kind === 'away') return this.#skip('rate', this.#board.known(provider.key), clock.now() + slot.afterMs);
    if (slot) await clock.sleep(slot.at - clock.now());
    return undefined;
  }

  /** Nothing speaks against it. */
  #go(key: string, ticket: ProbeTicket, standing: AdmissionKind): Admission {
    const { log } = this.#context;
    const resets = this.#resetsOf(key);
    let left = false;
    return {
      kind: 'go',
      leave: async (outcomes) => {
        if (left) return;
        left = true;
        try {
          // It began before a reset, and says nothing of what is now.
          if (this.#resetsOf(key) !== resets) return void this.#turnstile(key).leave(ticket, 'nothing');
          // Let in, and then not tried: the ledger was not there, or time was up.
          await this.#leave(key, ticket, standing, providerHealth(outcomes));
        } catch (error) {
          log.error('gate failed', { provider: key, error: nameOf(error) });
        }
      },
    };
  }

  async #leave(key: string, ticket: ProbeTicket, standing: AdmissionKind, given: ProviderHealth): Promise<void> {
    // Of a provider that has taken nothing yet nobody can say that it is only this sender whom it refuses.
    const verdict: ProviderHealth =
      given.kind === 'sender-refused' && !this.#turnstile(key).proven ? { ...given, kind: 'account-refused' } : given;
    // Those who wait at the turnstile go by what the board knows, so it is told first.
    await this.#teller.patiently(this.#teller.tellOutcome(key, standing, verdict));
    const answer = ANSWERS[verdict.kind];
    const { doubted } = this.#turnstile(key).leave(ticket, answer);
    if (doubted && answer !== 'bad')
      await this.#teller.patiently(this.#teller.tell(key, { kind: 'answered', by: this.#worker }));
  }

  #skip(reason: CircuitSkip['reason'], reading: CircuitReading, until?: number): CircuitSkip {
    const { clock, timeScale = 1 } = this.#context;
    return skip(reason, reading, { now: clock.now(), timeScale }, until);
  }

  #moment() {
    return { now: this.#context.clock.now(), times: this.#times };
  }

  #resetsOf(key: string): number {
    return this.#resets.get(key) ?? 0;
  }

  #turnstile(key: string): LocalProbe {
    const { clock, random } = this.#context;
    const turnstile = this.#turnstiles.get(key) ?? new LocalProbe(clock, random, this.#times);
    this.#turnstiles.set(key, turnstile);
    return turnstile;
  }

  #limiter({ key: provider, maxPerSecond: perSecond }: ProviderConfig): Limiter | undefined {
    if (perSecond === undefined) return undefined;
    const { table, clock, random } = this.#context;
    const together = () => perSecond + this.#othersPerSecond(provider);
    const limiter =
      this.#limiters.get(provider) ?? new Limiter({ provider, perSecond, together, table, clock, random });
    this.#limiters.set(provider, limiter);
    return limiter;
  }

  /** What the others take that are known to be well: mail that finds no slot here finds one there. */
  #othersPerSecond(provider: string): number {
    const well = this.#context.providers.filter(({ key }) => {
      const reading = this.#board.known(key);
      return key !== provider && reading.circuit.kind === 'closed' && !this.#barred(reading);
    });
    return well.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  }
}

const ANSWERS: Readonly<Record<ProviderHealth['kind'], ProbeAnswer>> = {
  accepted: 'good',
  answered: 'good',
  'sender-refused': 'good',
  failed: 'bad',
  'account-refused': 'bad',
  throttled: 'nothing',
  unasked: 'nothing',
};

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
