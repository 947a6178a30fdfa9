import type { IncomingMessage } from 'node:http';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterArrivals } from './arrivals.ts';
import { IDLE_MS } from './kept-sockets.ts';
import { endIfSilent, overKeptSockets, type SocketLimits, timeoutError } from './patience.ts';

type Handle = NodeHttpHandler['handle'];

/**
 * Request handler of an AWS client.
 *
 * A time-out that fires late checks first whether the answer has arrived. An incomplete answer ends the
 * call, which would otherwise never end.
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
      return await overKeptSockets(call, isRepeatable(request.body));
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

/** A stream cannot be repeated: the failed request has already read it. */
function isRepeatable(body: unknown): boolean {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}
