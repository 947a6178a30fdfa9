import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';

/**
 * Waits for the delay of the fault (`delayMs`). The delay is in milliseconds of real time at every time scale, since the
 * time-outs of the waiting client are in real time too.
 */
export async function pause(fault: Fault): Promise<void> {
  if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
}
