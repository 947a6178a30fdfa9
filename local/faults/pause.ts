import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';

/**
 * Waits for the delay of the fault (`delayMs`). The delay is in real milliseconds, whatever the time scale is. The deadlines that a
 * late answer may exceed are in real time as well.
 */
export async function pause(fault: Fault): Promise<void> {
  if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
}
