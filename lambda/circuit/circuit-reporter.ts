import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { within } from '../platform/within.ts';
import { type Signal, step } from './circuit.ts';
import { type CircuitStore, PATIENCE_MS } from './circuit-store.ts';
import { UnreportedCounts } from './counts.ts';
import { hold } from './hold.ts';
import type { CircuitRecord } from './items.ts';
import type { ProviderHealth } from './provider-health.ts';
import type { CircuitTimes } from './times.ts';

/** How a mail was let in. `elected`: it alone may try a circuit that is not closed. `forced`: nobody else was left. */
export type AdmissionKind = { readonly kind: 'usual' | 'forced' } | { readonly kind: 'elected'; readonly by: string };

/** What the teller needs. */
export interface CircuitReporterContext {
  readonly board: CircuitStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeScale: number;
  readonly times: CircuitTimes;
  readonly log: Log;
}

/** Tells the other workers what this one has learned, as far as it matters to them. */
export class CircuitReporter {
  readonly #context: CircuitReporterContext;
  readonly #counts: UnreportedCounts;

  constructor(context: CircuitReporterContext) {
    this.#context = context;
    this.#counts = new UnreportedCounts(context.clock, context.times, (provider, window, reason) =>
      this.tell(provider, { kind: 'counted', window, reason }),
    );
  }

  /** What came of an attempt. */
  async tellOutcome(provider: string, standing: AdmissionKind, verdict: ProviderHealth): Promise<void> {
    const by = standing.kind === 'elected' ? standing.by : undefined;
    switch (verdict.kind) {
      case 'accepted':
        if (standing.kind === 'usual') await this.#counts.good(provider, this.#context.board.known(provider).circuit);
        else await this.tell(provider, { kind: 'proven' });
        break;
      case 'failed':
      case 'sender-refused': {
        const cause = { blames: 'outage', reason: verdict.reason } as const;
        if (by === undefined) await this.#counts.bad(provider, verdict.reason);
        else await this.tell(provider, { kind: 'disproven', by, cause });
        break;
      }
      case 'account-refused':
        await this.tell(provider, {
          kind: 'refused',
          reason: verdict.reason,
          ...(by !== undefined && { by }),
          ...(verdict.retryAfterMs !== undefined && { forMs: verdict.retryAfterMs / this.#context.timeScale }),
        });
        break;
      case 'throttled':
        await this.#hold(provider, verdict.retryAfterMs);
        if (by !== undefined) await this.tell(provider, { kind: 'inconclusive', by });
        break;
      case 'answered':
      case 'unasked':
        if (by !== undefined) await this.tell(provider, { kind: 'inconclusive', by });
        break;
    }
  }

  /** Forgets what was counted of a provider and not told yet. */
  forget(provider: string): void {
    this.#counts.forget(provider);
  }

  /** Resolves with what stands then, or undefined if the table did not take it. */
  async tell(provider: string, signal: Signal): Promise<CircuitRecord | undefined> {
    const changed = await this.#context.board.change(provider, (record) => {
      const circuit = step(record.circuit, signal, this.#moment());
      return circuit === record.circuit ? record : { ...record, circuit };
    });
    if (changed) this.#log(provider, changed.before, changed.after);
    return changed?.after;
  }

  /** What comes of it, if it comes soon; a table that did not answer just now is not waited for at all. */
  async patiently<T>(result: Promise<T>): Promise<T | undefined> {
    const { board, clock } = this.#context;
    return within(board.silent ? 0 : PATIENCE_MS, result, clock).catch(() => undefined);
  }

  /** `retryAfterMs` is in stack time. */
  async #hold(provider: string, retryAfterMs: number | undefined): Promise<void> {
    const ms = retryAfterMs === undefined ? undefined : retryAfterMs / this.#context.timeScale;
    await this.#context.board.change(provider, (record) => {
      const held = hold(record.hold, ms, this.#moment());
      return held === record.hold ? record : { ...record, hold: held };
    });
  }

  #log(provider: string, { circuit: before }: CircuitRecord, { circuit: after }: CircuitRecord): void {
    if (before.kind === after.kind) return;
    const { log, clock, timeScale } = this.#context;
    const seconds = (ms: number) => Math.round((ms * timeScale) / 1_000);
    switch (after.kind) {
      case 'open': {
        const { cause, trips, until } = after;
        log.warn('circuit opened', { provider, ...cause, trips, forSeconds: seconds(until - clock.now()) });
        break;
      }
      case 'half-open':
        log.info('circuit half-open', { provider, trips: after.trips });
        break;
      case 'closed':
        log.info('circuit closed', { provider, afterSeconds: seconds(clock.now() - before.since) });
        break;
    }
  }

  #moment() {
    const { clock, random, times } = this.#context;
    return { now: clock.now(), random: random(), times };
  }
}
