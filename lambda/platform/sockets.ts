import type { IncomingMessage } from 'node:http';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterArrivals } from './arrivals.ts';
import { dropBeside, dropStale, IDLE_MS, watchRequest } from './kept-sockets.ts';

/** Time limits of calls to AWS services, in milliseconds. */
export interface SocketLimits {
  readonly connectionTimeout: number;
  /** Longest time until the head of the answer, and between two parts of its body. */
  readonly requestTimeout: number;
}

type Handle = NodeHttpHandler['handle'];

/**
 * Request handler of an AWS client.
 *
 * A kept socket may be dead without a sign: it is used again for some seconds only, and a request that is reset on one is
 * made at once on a fresh one. A time-out that fires late checks first whether the answer has arrived. An answer that
 * stops in its middle ends the call, which would otherwise wait for ever.
 */
export async function patientSockets({ connectionTimeout, requestTimeout }: SocketLimits): Promise<NodeHttpHandler> {
  // Imported together with the SDK, so that a process that needs neither loads neither.
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const agent = { keepAlive: true, maxSockets: 50, timeout: IDLE_MS };
  return new (class extends NodeHttpHandler {
    override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
      const call = async () => {
        const result = await inTime(requestTimeout, options?.abortSignal, (abortSignal) =>
          super.handle(request, { ...options, abortSignal }),
        );
        endIfSilent(result.response.body as IncomingMessage, requestTimeout);
        return result;
      };
      dropStale();
      const first = await watchRequest(call);
      if ('result' in first) return first.result;
      const wasKept = first.request?.reusedSocket === true;
      if (first.request && wasKept) dropBeside(first.request);
      if (wasKept && isReset(first.error) && isRepeatable(request.body)) return await call();
      throw first.error;
    }
  })({ httpAgent: agent, httpsAgent: agent, connectionTimeout, socketTimeout: 0 });
}

/** Makes a call with a time limit; data that has arrived by the end of it still counts. */
async function inTime<T>(ms: number, outer: unknown, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const signal = outer instanceof AbortSignal ? AbortSignal.any([outer, over.signal]) : over.signal;
  const timer = setTimeout(() => afterArrivals().then(() => over.abort()), ms);
  try {
    return await call(signal);
  } catch (error) {
    if (!over.signal.aborted) throw error;
    throw timeoutError(ms);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends the body of an answer with an error once nothing of it has arrived for a time. */
function endIfSilent(body: IncomingMessage, ms: number): void {
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
function timeoutError(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED';
}

/** A stream cannot be repeated: the failed request has already read it. */
function isRepeatable(body: unknown): boolean {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}
