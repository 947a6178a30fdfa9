import { createHash } from 'node:crypto';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import type { Entry, Gate, Passenger } from '../sender/gate.ts';
import { badness } from './badness.ts';
import { Board, PATIENCE_MS, type Reading } from './board.ts';
import { admitted, mayProbe, type Signal, step } from './circuit.ts';
import { Counts } from './counts.ts';
import { hold, isHeld } from './hold.ts';
import { isIsolated } from './isolation.ts';
import { type CircuitTimes, circuitTimes } from './times.ts';
import { type Answer, HEDGE_MS, type Ticket, Turnstile } from './turnstile.ts';
import { judge, type Verdict } from './verdict.ts';

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

type Skip = Extract<Entry, { kind: 'skip' }>;

/** How a mail was let in. `elected`: it alone may try a circuit that is not closed. `forced`: nobody else was left. */
type Pass =
  | { readonly kind: 'usual' | 'forced'; readonly ticket: Ticket }
  | { readonly kind: 'elected'; readonly ticket: Ticket; readonly by: string };

/** Beyond the deadline of the attempt, until another worker takes over from a prober that died. */
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
  readonly #scale: number;
  readonly #times: CircuitTimes;
  readonly #board: Board;
  readonly #counts: Counts;
  readonly #turnstiles = new Map<string, Turnstile>();
  readonly #worker: string;
  #probes = 0;

  constructor(context: GateContext) {
    const { providers, table, clock, random, timeScale = 1 } = context;
    this.#context = context;
    this.#scale = timeScale;
    this.#times = circuitTimes(timeScale);
    this.#board = new Board({
      providers: providers.map(({ key }) => key),
      table,
      clock,
      timeScale,
      onDeleted: (provider) => this.#turnstile(provider).reset(),
    });
    this.#counts = new Counts(clock, this.#times, (provider, window, reason) =>
      this.#tell(provider, { kind: 'counted', window, reason }),
    );
    this.#worker = random().toString(36).slice(2);
  }

  async enter(provider: ProviderConfig, passenger: Passenger): Promise<Entry> {
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
      const { circuit, hold: held, isolation } = await this.#board.read(key);
      if (circuit.kind !== 'closed' || this.#isHeld(held) || isIsolated(isolation, now)) continue;
      if (between(circuit.since) || between(held?.until) || between(isolation?.until)) return true;
    }
    return false;
  }

  async #enter(provider: ProviderConfig, passenger: Passenger, deadline: number): Promise<Entry> {
    const { key } = provider;
    const forced = passenger.forced === true;
    const reading = await this.#board.read(key);
    const barred = this.#barred(reading);
    if (barred) return barred;
    const { circuit } = reading;
    if (circuit.kind === 'closed') {
      const fraction = admitted(circuit, this.#moment());
      if (!forced && fraction < 1 && draw(passenger.id, key) >= fraction) return this.#skip('warming', reading);
      return this.#turn(provider, reading, forced);
    }
    const turnstile = this.#turnstile(key);
    if (forced) return this.#force(provider, reading);
    // This worker's own probe is under way: its answer is worth a short wait.
    if (turnstile.probing && circuit.kind === 'half-open') {
      if (await turnstile.probeEnds(deadline)) return this.#enter(provider, passenger, deadline);
      return this.#skip('probing', reading);
    }
    if (!mayProbe(circuit, this.#moment())) return this.#skip(circuit.kind === 'open' ? 'open' : 'probing', reading);
    return this.#elect(provider, reading);
  }

  /** What nobody passes, forced or not. */
  #barred(reading: Reading): Skip | undefined {
    if (isIsolated(reading.isolation, this.#context.clock.now())) return this.#skip('isolated', reading);
    return this.#isHeld(reading.hold) ? this.#skip('held', reading) : undefined;
  }

  async #turn(provider: ProviderConfig, reading: Reading, forced: boolean): Promise<Entry> {
    const turn = await this.#turnstile(provider.key).enter(forced);
    switch (turn.kind) {
      case 'go': {
        // The mail that was waited for may have learned that nobody is to pass now.
        const barred = forced ? undefined : this.#nowBarred(provider.key);
        if (!barred) return this.#go(provider, { kind: 'usual', ticket: turn.ticket });
        this.#turnstile(provider.key).leave(turn.ticket, 'nothing');
        return barred;
      }
      case 'probing':
        return this.#skip('probing', reading);
      case 'quiet':
        return this.#skip('open', reading, turn.until);
    }
  }

  #nowBarred(key: string): Skip | undefined {
    const reading = this.#board.known(key);
    return this.#barred(reading) ?? (reading.circuit.kind === 'open' ? this.#skip('open', reading) : undefined);
  }

  /** All providers are closed off, and this is the least bad one: one mail at a time, and none just after it failed. */
  async #force(provider: ProviderConfig, reading: Reading): Promise<Entry> {
    const turnstile = this.#turnstile(provider.key);
    const { quietUntil } = turnstile;
    if (quietUntil !== undefined) return this.#skip('open', reading, quietUntil);
    const turn = turnstile.claim();
    return turn ? this.#go(provider, { kind: 'forced', ticket: turn.ticket }) : this.#skip('probing', reading);
  }

  /** The circuit is due: whoever writes first may try, for all workers. */
  async #elect(provider: ProviderConfig, reading: Reading): Promise<Entry> {
    const { key, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = provider;
    const turnstile = this.#turnstile(key);
    const turn = turnstile.claim();
    if (!turn) return this.#skip('probing', reading);
    this.#probes += 1;
    const by = `${this.#worker}-${this.#probes}`;
    const told = await this.#patiently(this.#tell(key, { kind: 'elect', by, leaseMs: deadlineMs + LEASE_MARGIN_MS }));
    // Without the table nobody is elected, and each worker finds out for itself.
    if (!told) return this.#go(provider, { kind: 'usual', ticket: turn.ticket });
    const { circuit } = told;
    if (circuit.kind === 'half-open' && circuit.probe?.by === by)
      return this.#go(provider, { kind: 'elected', ticket: turn.ticket, by });
    turnstile.leave(turn.ticket, 'nothing');
    return this.#skip(circuit.kind === 'half-open' ? 'probing' : 'open', this.#board.known(key));
  }

  #go({ key }: ProviderConfig, pass: Pass): Entry {
    let left = false;
    return {
      kind: 'go',
      leave: async (outcomes) => {
        if (left) return;
        left = true;
        try {
          await this.#leave(key, pass, judge(outcomes));
        } catch (error) {
          this.#context.log.error('gate failed', { provider: key, error: nameOf(error) });
        }
      },
    };
  }

  async #leave(key: string, pass: Pass, verdict: Verdict): Promise<void> {
    // Those who wait at the turnstile go by what the board knows, so it is told first.
    await this.#patiently(this.#share(key, pass, verdict));
    this.#turnstile(key).leave(pass.ticket, ANSWERS[verdict.kind]);
  }

  /** Tells the other workers what they must know. */
  async #share(key: string, pass: Pass, verdict: Verdict): Promise<unknown> {
    const by = pass.kind === 'elected' ? pass.by : undefined;
    switch (verdict.kind) {
      case 'accepted':
        if (pass.kind !== 'usual') return this.#tell(key, { kind: 'proven' });
        return this.#counts.good(key, this.#board.known(key).circuit);
      case 'failed':
      case 'sender-refused':
        if (by !== undefined)
          return this.#tell(key, { kind: 'disproven', by, cause: { blames: 'outage', reason: verdict.reason } });
        return this.#counts.bad(key, verdict.reason);
      case 'account-refused':
        return this.#tell(key, { kind: 'refused', reason: verdict.reason, ...(by !== undefined && { by }) });
      case 'throttled':
        return Promise.all([
          this.#hold(key, verdict.retryAfterMs),
          by && this.#tell(key, { kind: 'inconclusive', by }),
        ]);
      case 'answered':
        return by === undefined ? undefined : this.#tell(key, { kind: 'inconclusive', by });
    }
  }

  /** What comes of it, if it comes soon; a table that did not answer just now is not waited for at all. */
  async #patiently<T>(result: Promise<T>): Promise<T | undefined> {
    const { clock } = this.#context;
    return within(this.#board.silent ? 0 : PATIENCE_MS, result, clock).catch(() => undefined);
  }

  async #tell(key: string, signal: Signal): Promise<Reading | undefined> {
    const changed = await this.#board.change(key, (record) => {
      const circuit = step(record.circuit, signal, { ...this.#moment(), random: this.#context.random() });
      return circuit === record.circuit ? record : { ...record, circuit };
    });
    if (changed) this.#log(key, changed.before, changed.after);
    return changed?.after;
  }

  async #hold(key: string, retryAfterMs: number | undefined): Promise<void> {
    const ms = retryAfterMs === undefined ? undefined : retryAfterMs / this.#scale;
    await this.#board.change(key, (record) => {
      const held = hold(record.hold, ms, { ...this.#moment(), random: this.#context.random() });
      return held === record.hold ? record : { ...record, hold: held };
    });
  }

  #log(provider: string, { circuit: before }: Reading, { circuit: after }: Reading): void {
    if (before.kind === after.kind) return;
    const { log, clock } = this.#context;
    const forSeconds = (ms: number) => Math.round((ms * this.#scale) / 1_000);
    switch (after.kind) {
      case 'open':
        log.warn('circuit opened', {
          provider,
          ...after.cause,
          trips: after.trips,
          forSeconds: forSeconds(after.until - clock.now()),
        });
        break;
      case 'closed':
        log.info('circuit closed', { provider, afterSeconds: forSeconds(clock.now() - before.since) });
        break;
      case 'half-open':
        log.info('circuit half-open', { provider, trips: after.trips });
        break;
    }
  }

  #skip(reason: Skip['reason'], reading: Reading, quietUntil?: number): Skip {
    const { circuit, hold: held, isolation } = reading;
    const ends: Partial<Record<Skip['reason'], number | undefined>> = {
      isolated: isolation?.until,
      held: held?.until,
      open: quietUntil ?? (circuit.kind === 'open' ? circuit.until : undefined),
    };
    const end = ends[reason];
    const againAfterMs = end === undefined ? undefined : Math.max(0, end - this.#context.clock.now()) * this.#scale;
    return {
      kind: 'skip',
      reason,
      badness: badness(reason, circuit, againAfterMs),
      ...(againAfterMs !== undefined && { againAfterMs }),
    };
  }

  #isHeld(held: Reading['hold']): boolean {
    return isHeld(held, this.#moment());
  }

  #moment() {
    return { now: this.#context.clock.now(), times: this.#times };
  }

  #turnstile(key: string): Turnstile {
    const { clock, random } = this.#context;
    const turnstile = this.#turnstiles.get(key) ?? new Turnstile(clock, random, this.#times);
    this.#turnstiles.set(key, turnstile);
    return turnstile;
  }
}

const ANSWERS: Readonly<Record<Verdict['kind'], Answer>> = {
  accepted: 'good',
  answered: 'good',
  'sender-refused': 'good',
  failed: 'bad',
  'account-refused': 'bad',
  throttled: 'nothing',
};

/** An even draw in [0, 1) from the id, another one for each provider. */
function draw(id: string, key: string): number {
  return createHash('sha256').update(`warm\0${key}\0${id}`).digest().readUIntBE(0, 6) / 2 ** 48;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
