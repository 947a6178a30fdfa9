import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Log } from '../platform/log.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { type Signal, step } from './circuit.ts';
import { type CircuitStore, READ_TIMEOUT_MS } from './circuit-store.ts';
import { UnreportedCounts } from './counts.ts';
import { hold } from './hold.ts';
import type { CircuitRecord } from './items.ts';
import type { ProviderHealth } from './provider-health.ts';
import type { CircuitTimes } from './times.ts';

/**
 * How a message was admitted, which means that it may be sent to the provider. `elected`: the message is the only probe of a
 * circuit that is not closed; `by` is the id of the probe. `forced`: the circuit is not closed, but no other provider was left
 * for the message. `usual`: any other message.
 */
export type AdmissionKind = { readonly kind: 'usual' | 'forced' } | { readonly kind: 'elected'; readonly by: string };

/** Dependencies and settings of the reporter. */
export interface CircuitReporterContext {
  readonly store: CircuitStore;
  readonly clock: Clock;
  readonly random: () => number;
  /**
   * Number of seconds of stack time in one second of the clock. Stack time is the time for waits and ages; it may run faster than
   * the clock only on a local stack.
   */
  readonly timeScale: number;
  readonly times: CircuitTimes;
  readonly log: Log;
}

/**
 * The record of a provider's circuit breaker after a signal was applied; undefined if the record could not be written; `busy` if
 * the record was not changed because the table throttles or writes of other workers conflict.
 */
type Reported = CircuitRecord | 'busy' | undefined;

/**
 * Waits before a write of a signal is tried again, in milliseconds. Each wait is multiplied by a random factor from 0.5 to 1.5.
 */
const BUSY_MS = [200, 500, 2_000];

/**
 * Reports the results of this worker's attempts to the circuit breakers in the table, which all workers share. Results that no
 * other worker needs are not written.
 */
export class CircuitReporter {
  readonly #context: CircuitReporterContext;
  readonly #counts: UnreportedCounts;

  constructor(context: CircuitReporterContext) {
    this.#context = context;
    this.#counts = new UnreportedCounts(context.clock, context.times, (provider, window, reason) =>
      this.#signal(provider, { kind: 'counted', window, reason }),
    );
  }

  /** Reports the result of one attempt. */
  async reportOutcome(provider: string, admission: AdmissionKind, health: ProviderHealth): Promise<void> {
    const by = admission.kind === 'elected' ? admission.by : undefined;
    switch (health.kind) {
      case 'accepted':
        if (admission.kind === 'usual') await this.#counts.good(provider, this.#context.store.known(provider).circuit);
        else await this.report(provider, { kind: 'proven' });
        break;
      case 'failed':
      case 'sender-refused': {
        const cause = { blames: 'outage', reason: health.reason } as const;
        if (by === undefined) await this.#counts.bad(provider, health.reason);
        else await this.report(provider, { kind: 'disproven', by, cause });
        break;
      }
      case 'account-refused':
        await this.report(provider, {
          kind: 'refused',
          reason: health.reason,
          ...defined({ by, forMs: this.#realMs(health.retryAfterMs) }),
        });
        break;
      case 'throttled':
        await this.#hold(provider, health.retryAfterMs);
        if (by !== undefined) await this.report(provider, { kind: 'inconclusive', by });
        break;
      case 'answered':
      case 'unasked':
        if (by !== undefined) await this.report(provider, { kind: 'inconclusive', by });
        break;
    }
  }

  /** Discards the numbers of attempts and failures of a provider that were not reported yet. */
  forget(provider: string): void {
    this.#counts.forget(provider);
  }

  /**
   * Applies a signal to the circuit breaker that all workers share. Resolves with the resulting record, or with undefined if the
   * record could not be written. The write is tried again while the table throttles or writes of other workers conflict.
   */
  async report(provider: string, signal: Signal): Promise<CircuitRecord | undefined> {
    const { clock, random } = this.#context;
    for (const pauseMs of [...BUSY_MS, 0]) {
      const changed = await this.#signal(provider, signal);
      if (changed !== 'busy') return changed;
      await clock.sleep(pauseMs * (0.5 + random()));
    }
    return undefined;
  }

  /**
   * Asks for permission to probe a provider. If the table throttles the write, or if the write conflicts with writes of other
   * workers, the result is `busy`. The write is then not repeated, since permission is asked for again when the next message
   * arrives.
   */
  elect(provider: string, election: Omit<Extract<Signal, { kind: 'elect' }>, 'kind'>): Promise<Reported> {
    return this.#signal(provider, { kind: 'elect', ...election });
  }

  async #signal(provider: string, signal: Signal): Promise<Reported> {
    const changed = await this.#context.store.change(provider, (record) => {
      const circuit = step(record.circuit, signal, this.#moment());
      return circuit === record.circuit ? record : { ...record, circuit };
    });
    if (changed === undefined || changed === 'busy') return changed;
    this.#log(provider, changed.before, changed.after);
    return changed.after;
  }

  /**
   * Waits a short time for a result. Resolves with undefined if the result takes longer. If the table has just failed to answer,
   * does not wait and resolves with undefined immediately.
   */
  async briefly<T>(result: Promise<T>): Promise<T | undefined> {
    const { store, clock } = this.#context;
    return withTimeout(store.silent ? 0 : READ_TIMEOUT_MS, result, clock).catch(() => undefined);
  }

  /** Converts a duration from stack time to real time, both in milliseconds. */
  #realMs(ms: number | undefined): number | undefined {
    return ms === undefined ? undefined : ms / this.#context.timeScale;
  }

  /**
   * Writes a hold to the table: no worker calls the provider for some time, since the provider has throttled. `retryAfterMs` is
   * in milliseconds of stack time.
   */
  async #hold(provider: string, retryAfterMs: number | undefined): Promise<void> {
    const ms = this.#realMs(retryAfterMs);
    await this.#context.store.change(provider, (record) => {
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
