import { type Environment, environment, local, stateTable } from './environment-codec.ts';

/** Attributes of submission records that the function for the daily count reads. Its IAM role may read no other attributes. */
export const COUNTED_ATTRIBUTES = ['pk', 'state', 'suppressed', 'lease', 'nextTryAt', 'firstSeen'] as const;

/** Environment variables of the function that counts all submissions once a day. */
export const dailyCountEnvironment = environment({ stateTable, ...local });

export type DailyCountEnvironment = Environment<typeof dailyCountEnvironment>;
