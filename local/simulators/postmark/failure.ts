import type { SimulatorAnswer } from '../http-simulator.ts';

/**
 * Returns an error answer of Postmark. `status` is the HTTP status. `ErrorCode` is a number from Postmark's own list of errors.
 */
export function postmarkFailure(status: number, ErrorCode: number, Message: string): SimulatorAnswer {
  return { status, body: { ErrorCode, Message } };
}
