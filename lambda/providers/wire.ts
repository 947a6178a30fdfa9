import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterArrivals } from '../platform/arrivals.ts';
import { dropStale } from '../platform/kept-sockets.ts';

/**
 * Trace of the wire during one HTTP attempt.
 *
 * The SDKs hide it: mailgun.js reports network failures as status 400 and drops headers, postmark.js discards the cause
 * (measured with mailgun.js 14.0.1 and postmark 5.1.0). Node reports it, whatever SDK made the request.
 */
export interface WireTrace {
  /** DNS, TCP and TLS are done. While false, no part of the request can have arrived. */
  connected: boolean;
  /** The whole request was written to the socket. */
  written: boolean;
  /** Status line of the answer, if there was one. */
  status?: number;
  headers?: IncomingHttpHeaders;
  /** The whole answer was read. */
  complete: boolean;
  /**
   * Node's code of the first failure (`ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET`, …), or ours: `CONNECT_TIMEOUT`,
   * `DEADLINE`, `ANSWER_TOO_LARGE`.
   */
  failure?: string;
}

/** Result of a watched call: what the SDK returned or threw, and the trace. */
export interface Watched<T> {
  readonly result?: T;
  readonly error?: unknown;
  readonly trace: Readonly<WireTrace>;
}

interface Watch {
  readonly trace: WireTrace;
  readonly connectMs: number;
  readonly requests: ClientRequest[];
  /** The call was given up or has returned; requests that the SDK still starts must not be sent. */
  ended: boolean;
}

/** Largest answer that is read. No answer to a mail, a look-up or a health check is this large; SDKs keep all of it in memory. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Largest compressed answer, which may grow a thousandfold; no request asks for compression. */
const MOST_COMPRESSED = 128 * 1024;

const current = new AsyncLocalStorage<Watch>();

subscribe('http.client.request.created', (event) => {
  const watch = current.getStore();
  if (watch) follow((event as { request: ClientRequest }).request, watch);
});

/**
 * Runs an SDK call that uses `node:http` or `node:https` and records its request. The request is destroyed if it is not
 * connected after `connectMs`, or not answered after `deadlineMs`.
 */
export async function watchWire<T>(
  limits: { readonly connectMs: number; readonly deadlineMs: number },
  call: () => Promise<T>,
): Promise<Watched<T>> {
  const trace: WireTrace = { connected: false, written: false, complete: false };
  const watch: Watch = { trace, connectMs: limits.connectMs, requests: [], ended: false };
  let timer: NodeJS.Timeout | undefined;
  let settled = false;
  dropStale();
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(async () => {
      // No further request is made. An answer that has arrived but is unread still counts; a request without a connection
      // sends nothing.
      watch.ended = true;
      if (trace.connected) await afterArrivals();
      if (settled) return;
      trace.failure ??= 'DEADLINE';
      for (const request of watch.requests) request.destroy(failure('DEADLINE'));
      reject(failure('DEADLINE'));
    }, limits.deadlineMs);
  });
  try {
    const result = await Promise.race([current.run(watch, call), deadline]);
    return { result, trace: { ...trace } };
  } catch (error) {
    // A copy: later reports of a destroyed socket must not change the result.
    return { error, trace: { ...trace } };
  } finally {
    settled = true;
    watch.ended = true;
    clearTimeout(timer);
  }
}

function follow(request: ClientRequest, watch: Watch): void {
  const { trace, connectMs, requests } = watch;
  // axios follows redirects and would post the message to another host; a redirect is the provider's final answer.
  if (watch.ended || (trace.status !== undefined && trace.status >= 300 && trace.status < 400)) {
    request.destroy(failure('NOT_FOLLOWED'));
    return;
  }
  requests.push(request);
  if (!request.headersSent) request.setHeader('accept-encoding', 'identity');
  const timer = setTimeout(async () => {
    await afterArrivals();
    if (trace.connected) return;
    trace.failure ??= 'CONNECT_TIMEOUT';
    request.destroy(failure('CONNECT_TIMEOUT'));
  }, connectMs);
  const connected = () => {
    clearTimeout(timer);
    trace.connected = true;
  };
  request.once('socket', (socket: Socket & { encrypted?: boolean; secureConnecting?: boolean }) => {
    // A kept socket is already connected; a new one reports it later.
    if (socket.connecting) socket.once(socket.encrypted ? 'secureConnect' : 'connect', connected);
    else if (socket.secureConnecting) socket.once('secureConnect', connected);
    else connected();
  });
  request.once('finish', () => {
    trace.written = trace.connected;
  });
  // This listener runs before the SDK's own, which may start the next request at once.
  request.prependOnceListener('response', (response: IncomingMessage) => {
    trace.written = true;
    if (response.statusCode !== undefined) trace.status = response.statusCode;
    trace.headers = response.headers;
    const most = response.headers['content-encoding'] ? MOST_COMPRESSED : MOST_BYTES;
    let bytes = 0;
    const push = response.push.bind(response);
    response.push = (chunk: Buffer | null, encoding) => {
      bytes += chunk?.length ?? 0;
      if (bytes <= most) return push(chunk, encoding);
      trace.failure ??= 'ANSWER_TOO_LARGE';
      request.destroy(failure('ANSWER_TOO_LARGE'));
      return false;
    };
    response.once('end', () => {
      trace.complete = response.complete;
    });
    response.once('error', (error: NodeJS.ErrnoException) => {
      trace.failure ??= error.code ?? error.name;
    });
  });
  request.once('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    trace.failure ??= error.code ?? error.name;
  });
  request.once('close', () => clearTimeout(timer));
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
