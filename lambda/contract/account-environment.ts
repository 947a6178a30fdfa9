import { type Environment, environment, local, stateTable } from './environment-codec.ts';

/** Attributes of records that an account reads; the role of its function may read no others. */
export const ACCOUNTED = ['pk', 'state', 'suppressed', 'lease', 'nextTryAt', 'firstSeen'] as const;

/** The environment of the function that takes the daily account. */
export const accountEnvironment = environment({ stateTable, ...local });

export type AccountEnvironment = Environment<typeof accountEnvironment>;
