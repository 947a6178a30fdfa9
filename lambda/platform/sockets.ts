import type { IncomingMessage } from 'node:http';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterArrivals } from './arrivals.ts';
import { callOverKeepAlive, endIfSilent, type SocketLimits, timeoutError } from './keep-alive-calls.ts';
import { IDLE_MS } from './keep-alive-sockets.ts';

type Handle = NodeHttpHandler['handle'];

/**
 * Creates a request handler for a client of the AWS SDK. The timer of a time-out can fire too late. Therefore the data that has
 * already arrived is read before the time-out ends a call. If the rest of an answer does not arrive, the call ends with an error;
 * without this handler, such a call would never end.
 */
export async function patientSockets({ connectionTimeout, requestTimeout }: SocketLimits): Promise<NodeHttpHandler> {
  // The module is imported only when an SDK client is created: a process without such a client does not load the module.
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
      return await callOverKeepAlive(call, isRepeatable(request.body));
    }
  })({ httpAgent: agent, httpsAgent: agent, connectionTimeout, socketTimeout: 0 });
}

/** Makes a call with a time limit. An answer that arrived before the time limit is accepted, even if it is read after the time limit. */
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

/** Whether a request with this body can be repeated. A stream cannot be sent again, since the failed request has already consumed it. */
function isRepeatable(body: unknown): boolean {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}
