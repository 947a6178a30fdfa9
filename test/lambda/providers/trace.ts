import { defined } from '../../../lambda/platform/defined.ts';
import type { WireTrace } from '../../../lambda/providers/wire.ts';

/** Returns the trace of a call that was answered completely, with this HTTP status. */
export function trace(status: number | undefined, more: Partial<WireTrace> = {}): WireTrace {
  return { connected: true, written: true, complete: true, ...defined({ status }), ...more };
}
