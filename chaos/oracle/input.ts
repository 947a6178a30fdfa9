import type { FaultTimes } from '../faults/fault-times.ts';
import type { SimulatedEvents } from '../world/events.ts';
import type { Recorder } from './recorder.ts';

/** A provider of the run, as the oracle needs it. */
export interface OracleProvider {
  readonly key: string;
  readonly askable: boolean;
  /** Configured rate limit, in calls a second. */
  readonly maxPerSecond?: number;
  /**
   * Configured share: the sender tries this provider first for this part of all mail, even if the provider is not first in the
   * list.
   */
  readonly share?: number;
}

/** Input of the rules of the oracle. */
export interface OracleInput {
  readonly seed: number;
  readonly recorder: Recorder;
  readonly events: Pick<SimulatedEvents, 'eventSequences' | 'queued' | 'taken' | 'stateOf' | 'provenAt'>;
  readonly faultTimes: FaultTimes;
  /** The providers of the run, in the order of the list. */
  readonly providers: readonly OracleProvider[];
  readonly start: number;
  /** Time at which the last random fault ends. */
  readonly quietFrom: number;
  /** Start of the scripted phase, a fixed list of steps at the end of a run; infinite if the run has no such phase. */
  readonly scriptedFrom: number;
  /** Largest error of a clock that the rules tolerate, in milliseconds. */
  readonly clockErrorMs: number;
  /**
   * Whether random faults kill or freeze processes. If so, a message may be received as often as SQS allows, and SQS itself then
   * moves the message to the dead-letter queue.
   */
  readonly mayCrash: boolean;
  /** Number of receives after which SQS moves a message to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/**
 * Whether every provider has a rate limit. If so, mail may wait for a free slot of a rate limit, and the rules about order,
 * shares and slow start and most limits of time do not apply.
 */
export function isLimited({ providers }: OracleInput): boolean {
  return providers.every(({ maxPerSecond }) => maxPerSecond !== undefined);
}

/**
 * A rule that checks one promise and returns the violations. Each violation is a text that begins with the kind of the violation
 * and a colon.
 */
export type Rule = (given: OracleInput) => readonly string[];
