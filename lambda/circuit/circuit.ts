import { type CircuitTimes, jittered, longest } from './times.ts';
import { type AttemptWindow, isFailing, mergeWindows } from './window.ts';

/** Why a circuit opened. */
export interface OpenCause {
  readonly blames: 'outage' | 'account';
  /** Reason code of the outcome that opened the circuit. */
  readonly reason: string;
}

/** Lease of the worker that probes the provider: no other worker probes it until the lease ends. */
export interface ProbeLease {
  readonly by: string;
  readonly until: number;
}

/**
 * State of a provider's circuit breaker, shared by all workers. Times are in epoch milliseconds; `trips` counts how often
 * the circuit opened since the last calm period.
 */
export type Circuit =
  | {
      readonly kind: 'closed';
      /** When the circuit closed; 0 if the circuit was never open. Then there is no slow start. */
      readonly since: number;
      readonly trips: number;
      readonly window: AttemptWindow;
      /**
       * Set while a worker waits for a slow answer to a probe. Until the lease ends, workers without a result of their own skip
       * the provider.
       */
      readonly slowProbe?: ProbeLease;
    }
  | {
      readonly kind: 'open';
      /** When the circuit left the closed state; a failed probe does not change this time. */
      readonly since: number;
      readonly trips: number;
      readonly cause: OpenCause;
      readonly until: number;
    }
  | {
      readonly kind: 'half-open';
      readonly since: number;
      readonly trips: number;
      readonly cause: OpenCause;
      /** Lease of the running probe; absent if the last probe gave no result. Then the next message is the probe. */
      readonly probe?: ProbeLease;
      /** When the last probe ended, if it gave no result. */
      readonly at?: number;
    };

/** An event that can change a circuit. Outcomes that blame the message, a recipient or load are not among them. */
export type Signal =
  /** Attempts and failures of one worker since its last report. */
  | { readonly kind: 'counted'; readonly window: AttemptWindow; readonly reason: string }
  /**
   * The provider refuses our account, for at least `forMs` milliseconds if the time is known. `by` is the worker whose probe got the
   * refusal; absent if the attempt was no probe.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly by?: string; readonly forMs?: number }
  /** A worker asks for permission to probe the provider. */
  | { readonly kind: 'elect'; readonly by: string; readonly leaseMs: number }
  /** The provider accepted a message that was admitted while the circuit was not closed. `disproven`: the probe failed. */
  | { readonly kind: 'proven' }
  | { readonly kind: 'disproven'; readonly by: string; readonly cause: OpenCause }
  /** The answer to a worker's first message to the provider is late; `answered`: the answer has arrived. */
  | { readonly kind: 'slow'; readonly by: string; readonly leaseMs: number }
  | { readonly kind: 'answered'; readonly by: string }
  /** The probe ended without a result about the provider. */
  | { readonly kind: 'inconclusive'; readonly by: string };

/** Inputs of a circuit's step to its next state, apart from the circuit and the signal. */
export interface Moment {
  readonly now: number;
  /** A random number in [0, 1). */
  readonly random: number;
  readonly times: CircuitTimes;
}

/** The circuit of a provider that was never tried. */
export const UNTRIED: Circuit = { kind: 'closed', since: 0, trips: 0, window: [] };

/** Upper limit of a lease: a longer one comes from a wrong clock. */
const LEASE_MOST_MS = 300_000;

/** Returns the circuit after a signal; the same object if the signal changes nothing. */
export function step(circuit: Circuit, signal: Signal, moment: Moment): Circuit {
  switch (signal.kind) {
    case 'counted': {
      if (circuit.kind !== 'closed' || signal.window.length === 0) return circuit;
      const window = mergeWindows(circuit.window, signal.window, moment.now, moment.times);
      if (!isFailing(window, moment.now, moment.times)) return { ...circuit, window };
      return opened(circuit, { blames: 'outage', reason: signal.reason }, moment);
    }
    case 'refused': {
      const cause: OpenCause = { blames: 'account', reason: signal.reason };
      if (circuit.kind === 'closed' || isProbe(circuit, signal.by)) return opened(circuit, cause, moment, signal.forMs);
      return circuit.cause.blames === 'account' ? circuit : { ...circuit, cause };
    }
    case 'elect': {
      if (circuit.kind === 'closed' || !mayProbe(circuit, moment)) return circuit;
      const { since, trips, cause } = circuit;
      return { kind: 'half-open', since, trips, cause, probe: lease(signal, moment) };
    }
    case 'slow':
      return circuit.kind !== 'closed' || isAwaitingAnswer(circuit, moment)
        ? circuit
        : { ...circuit, slowProbe: lease(signal, moment) };
    case 'answered': {
      if (circuit.kind !== 'closed' || circuit.slowProbe?.by !== signal.by) return circuit;
      const { slowProbe: _gone, ...left } = circuit;
      return left;
    }
    case 'proven':
      if (circuit.kind === 'closed' || isNews(circuit, moment)) return circuit;
      return { kind: 'closed', since: moment.now, trips: circuit.trips, window: [] };
    case 'disproven':
      return isProbe(circuit, signal.by) ? opened(circuit, signal.cause, moment) : circuit;
    case 'inconclusive': {
      if (!isProbe(circuit, signal.by)) return circuit;
      const { probe: _ended, ...left } = circuit;
      return { ...left, at: moment.now };
    }
  }
}

/** Whether the next message may probe the provider. */
export function mayProbe(circuit: Circuit, { now, times }: Pick<Moment, 'now' | 'times'>): boolean {
  switch (circuit.kind) {
    case 'closed':
      return false;
    case 'open':
      return isOver(circuit.until, now, longest(times.openMostMs));
    case 'half-open':
      return circuit.probe === undefined || isOver(circuit.probe.until, now, LEASE_MOST_MS);
  }
}

/** Whether a worker is waiting for a slow answer while the circuit is closed. */
export function isAwaitingAnswer(circuit: Circuit, { now }: Pick<Moment, 'now'>): boolean {
  return (
    circuit.kind === 'closed' && circuit.slowProbe !== undefined && !isOver(circuit.slowProbe.until, now, LEASE_MOST_MS)
  );
}

/** Slow start: the fraction of messages that is admitted after the circuit closed; 1 if it was never open. */
export function admitted(circuit: Circuit, { now, times }: Pick<Moment, 'now' | 'times'>): number {
  if (circuit.kind !== 'closed' || circuit.trips === 0) return 1;
  const intervals = Math.floor(Math.abs(now - circuit.since) / times.warmMs);
  return Math.min(1, FIRST_FRACTION * 2 ** intervals);
}

const FIRST_FRACTION = 1 / 8;

function opened(circuit: Circuit, cause: OpenCause, { now, random, times }: Moment, leastMs = 0): Circuit {
  const calm = circuit.kind === 'closed' && Math.abs(now - circuit.since) > times.calmMs;
  const trips = calm ? 1 : circuit.trips + 1;
  const ms = Math.min(times.openMostMs, Math.max(leastMs, times.openMs * 2 ** (trips - 1)));
  const since = circuit.kind === 'closed' ? now : circuit.since;
  return { kind: 'open', since, trips, cause, until: now + jittered(ms, random) };
}

function lease({ by, leaseMs }: { readonly by: string; readonly leaseMs: number }, { now }: Moment): ProbeLease {
  return { by, until: now + Math.min(leaseMs, LEASE_MOST_MS) };
}

/**
 * Whether the circuit opened so recently that some workers have not read the change yet. If a forced message closed the circuit
 * now, these workers would go on without slow start, although the provider may still fail for other workers.
 */
function isNews({ kind, since }: Circuit, { now, times }: Moment): boolean {
  return kind === 'open' && Math.abs(now - since) < times.freshMs;
}

function isProbe(circuit: Circuit, by: string | undefined): circuit is Extract<Circuit, { kind: 'half-open' }> {
  return circuit.kind === 'half-open' && by !== undefined && circuit.probe?.by === by;
}

/** Whether `until` has passed. A time more than `most` in the future comes from a wrong clock and counts as passed. */
function isOver(until: number, now: number, most: number): boolean {
  return now >= until || until - now > most;
}
