import type { IncomingMessage } from 'node:http';
import { afterArrivals } from './arrivals.ts';
import { dropBeside, dropStale, watchRequest } from './keep-alive-sockets.ts';

/** Time limits of calls to AWS services, in milliseconds. */
export interface SocketLimits {
  readonly connectionTimeout: number;
  /** Longest time until the headers of the answer arrive, and longest time between two parts of the body of the answer. */
  readonly requestTimeout: number;
}

/**
 * Makes an HTTP call over keep-alive connections. An idle connection may be lost without any signal to the client. Therefore a
 * connection is reused only within {@link IDLE_MS} after its last use. If a reused connection is reset, and `isRepeatable` is
 * true, the call is repeated immediately over a new connection.
 */
export async function callOverKeepAlive<T>(call: () => Promise<T>, isRepeatable: boolean): Promise<T> {
  dropStale();
  const first = await watchRequest(call);
  if ('result' in first) return first.result;
  const wasKept = first.request?.reusedSocket === true;
  if (first.request && wasKept) dropBeside(first.request);
  if (wasKept && isReset(first.error) && isRepeatable) return await call();
  throw first.error;
}

/** Destroys the body of an answer with a time-out error when no data has arrived for `ms` milliseconds. */
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

/** Creates the error for a time-out. Its name `TimeoutError` tells the AWS SDK to retry the call. */
export function timeoutError(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED';
}
