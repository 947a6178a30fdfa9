import type { IncomingMessage } from 'node:http';
import { afterArrivals } from './arrivals.ts';
import { dropBeside, dropStale, watchRequest } from './kept-sockets.ts';

/** Time limits of calls to AWS services, in milliseconds. */
export interface SocketLimits {
  readonly connectionTimeout: number;
  /** Longest time until the head of the answer, and between two parts of its body. */
  readonly requestTimeout: number;
}

/**
 * Makes a call over kept sockets. A kept socket may be dead without a sign: it is used again for some seconds only, and a
 * request that is reset on one is made at once on a fresh one, if it can be repeated.
 */
export async function overKeptSockets<T>(call: () => Promise<T>, isRepeatable: boolean): Promise<T> {
  dropStale();
  const first = await watchRequest(call);
  if ('result' in first) return first.result;
  const wasKept = first.request?.reusedSocket === true;
  if (first.request && wasKept) dropBeside(first.request);
  if (wasKept && isReset(first.error) && isRepeatable) return await call();
  throw first.error;
}

/** Ends the body of an answer with an error once nothing of it has arrived for a time. */
export function endIfSilent(body: IncomingMessage, ms: number): void {
  const { socket } = body;
  let read = socket.bytesRead;
  let timer: NodeJS.Timeout;
  const check = async (): Promise<void> => {
    await afterArrivals();
    if (body.complete || body.destroyed) return;
    if (socket.bytesRead === read) body.destroy(timeoutError(ms));
    else watch();
  };
  const watch = (): void => {
    read = socket.bytesRead;
    timer = setTimeout(() => void check(), ms).unref();
  };
  watch();
  body.once('close', () => clearTimeout(timer));
}

/** The SDK retries errors with this name. */
export function timeoutError(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED';
}
