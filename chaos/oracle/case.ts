import type { Troubles } from '../faults/troubles.ts';
import type { SimulatedEvents } from '../world/events.ts';
import type { Chronicle } from './chronicle.ts';

/** A provider of the run, for the oracle. */
export interface JudgedProvider {
  readonly key: string;
  readonly askable: boolean;
  /** Configured rate, in calls a second. */
  readonly maxPerSecond?: number;
  /** Share of the mail that goes to it first, whatever its place. */
  readonly share?: number;
}

/** Input of the oracle's rules. */
export interface OracleCase {
  readonly seed: number;
  readonly chronicle: Chronicle;
  readonly events: Pick<SimulatedEvents, 'courses' | 'queued' | 'taken' | 'stateOf' | 'provenAt'>;
  readonly troubles: Troubles;
  /** The providers of the run, in the order of the list. */
  readonly providers: readonly JudgedProvider[];
  readonly start: number;
  /** End of the last fault. */
  readonly calmFrom: number;
  /** Start of the exercise; infinite if there is none. */
  readonly exerciseFrom: number;
  /** Largest error of the clocks, in milliseconds. */
  readonly clockErrorMs: number;
  /** Whether faults kill processes or leave them without time, so that a message may exceed SQS's limit of receives. */
  readonly mayCrash: boolean;
  /** Number of receives after which SQS moves a message. */
  readonly maxReceiveCount: number;
}

/** Whether every provider has a rate: waiting mail then waits for a slot, and the order has no meaning. */
export function isLimited({ providers }: OracleCase): boolean {
  return providers.every(({ maxPerSecond }) => maxPerSecond !== undefined);
}

/**
 * A rule that checks one promise: returns the violations, which begin with the same words for the same kind of
 * violation.
 */
export type Rule = (given: OracleCase) => readonly string[];
