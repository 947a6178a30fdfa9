import { type CircuitTimes, jittered, longest } from './times.ts';
import { type AttemptWindow, isFailing, mergeWindows } from './window.ts';

/** Why a circuit opened. */
export interface OpenCause {
  readonly blames: 'outage' | 'account';
  /** Reason code of the outcome that opened the circuit, or of a later refusal of the account. */
  readonly reason: string;
}

/**
 * Lease for a probe. A probe is a single message that tests whether the provider works. Until the lease ends, no other worker
 * sends a probe to the provider. `by` is the id of the probe or its worker, `until` is in epoch milliseconds.
 */
export interface ProbeLease {
  readonly by: string;
  readonly until: number;
}

/**
 * State of a provider's circuit breaker, shared by all workers. Times are in epoch milliseconds. `trips` counts how often the
 * circuit has opened. It starts again at 1 if the circuit was closed for longer than `calmMs`.
 */
export type Circuit =
  | {
      readonly kind: 'closed';
      /**
       * When the circuit closed; 0 if the circuit was never open. After the circuit has closed, the provider at first gets only a
       * part of the mail (slow start). There is no slow start if the circuit was never open.
       */
      readonly since: number;
      readonly trips: number;
      readonly window: AttemptWindow;
      /**
       * Set while a worker waits for a slow answer to its first message to the provider (its probe). Until the lease ends, a
       * worker that has no results of its own skips the provider.
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
      /**
       * Lease of the running probe; absent if the last probe gave no result about the provider. Then the next message is the
       * probe.
       */
      readonly probe?: ProbeLease;
      /** When the last probe ended, if it gave no result about the provider. */
      readonly at?: number;
    };

/**
 * An event that can change a circuit. Refusals of a message or a recipient, and throttling, are not such events: they only end a
 * probe as `inconclusive`.
 */
export type Signal =
  /** Attempts and failures of one worker since its last report. */
  | { readonly kind: 'counted'; readonly window: AttemptWindow; readonly reason: string }
  /**
   * The provider refuses our account, for at least `forMs` milliseconds if the time is known. `by` is the id of the probe that
   * was refused; absent if the refused message was no probe.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly by?: string; readonly forMs?: number }
  /** A worker asks for permission to send the probe `by`. The permission lasts for `leaseMs` milliseconds. */
  | { readonly kind: 'elect'; readonly by: string; readonly leaseMs: number }
  /** The provider accepted a message that was sent while the circuit was not closed. `disproven`: the probe `by` failed. */
  | { readonly kind: 'proven' }
  | { readonly kind: 'disproven'; readonly by: string; readonly cause: OpenCause }
  /**
   * The circuit is closed, and the answer to the first message of the worker `by` to the provider is slow. `answered`: this
   * answer has arrived.
   */
  | { readonly kind: 'slow'; readonly by: string; readonly leaseMs: number }
  | { readonly kind: 'answered'; readonly by: string }
  /** The probe ended without a result about the provider. */
  | { readonly kind: 'inconclusive'; readonly by: string };

/** The time in epoch milliseconds, a random number and the durations with which {@link step} applies a signal. */
export interface Moment {
  readonly now: number;
  /** A random number in [0, 1). */
  readonly random: number;
  readonly times: CircuitTimes;
}

/** The circuit of a provider that was never tried. */
export const UNTRIED: Circuit = { kind: 'closed', since: 0, trips: 0, window: [] };

/** Longest lease, in milliseconds. If the end of a lease is further in the future, a wrong clock has set it. */
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

/** Whether the circuit is not closed, and the next message may be the probe. */
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

/** Whether the circuit is closed and a worker is waiting for the slow answer to its probe. */
export function isAwaitingAnswer(circuit: Circuit, { now }: Pick<Moment, 'now'>): boolean {
  return (
    circuit.kind === 'closed' && circuit.slowProbe !== undefined && !isOver(circuit.slowProbe.until, now, LEASE_MOST_MS)
  );
}

/**
 * Slow start: returns the fraction of the messages that is admitted since the circuit closed. It begins at 1/8 and doubles after
 * each `warmMs`; 1 if the circuit was never open.
 */
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
 * Whether the circuit opened so recently that some workers have not read the change yet. If an accepted forced message closed the
 * circuit now, these workers would not notice that the circuit was open, and would send mail without slow start, although the
 * provider may still fail for them.
 */
function isNews({ kind, since }: Circuit, { now, times }: Moment): boolean {
  return kind === 'open' && Math.abs(now - since) < times.freshMs;
}

function isProbe(circuit: Circuit, by: string | undefined): circuit is Extract<Circuit, { kind: 'half-open' }> {
  return circuit.kind === 'half-open' && by !== undefined && circuit.probe?.by === by;
}

/**
 * Whether `until` has passed. If `until` is more than `most` milliseconds in the future, a wrong clock has set it, and it counts
 * as passed.
 */
function isOver(until: number, now: number, most: number): boolean {
  return now >= until || until - now > most;
}
