import { circuitTimes } from '../../../lambda/circuit/times.ts';

export const NOW = 1_800_000_000_000;
export const SECOND = 1_000;
export const times = circuitTimes(1);

/** Returns the circumstances of a step of the circuit. */
export const at = (now: number, random = 0) => ({ now, random, times });

export const outage = { blames: 'outage', reason: 'server-error' } as const;
