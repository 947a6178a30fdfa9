import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterArrivals } from '../platform/arrivals.ts';
import { dropStale } from '../platform/keep-alive-sockets.ts';

/**
 * Record of the network events of one HTTP call.
 *
 * The SDKs hide these events: mailgun.js reports network failures as status 400 and drops headers, and postmark.js discards the
 * cause of a failure (measured with mailgun.js 14.0.1 and postmark 5.1.0). Node reports these events for the requests of every
 * SDK.
 */
export interface WireTrace {
  /** Whether the connection is established (DNS, TCP and TLS). While this is false, no part of the request can have arrived. */
  connected: boolean;
  /** Whether the whole request was written to the socket, or an answer has begun to arrive. */
  written: boolean;
  /** HTTP status of the answer, if there was an answer. */
  status?: number;
  headers?: IncomingHttpHeaders;
  /** Whether the whole answer was read. */
  complete: boolean;
  /**
   * Code of the first failure: a code of Node (`ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET`, …) or a code of Mailover
   * (`CONNECT_TIMEOUT`, `DEADLINE`, `ANSWER_TOO_LARGE`).
   */
  failure?: string;
}

/** Result of a watched call: the value that the SDK returned or the error that it threw, and the trace. */
export interface Watched<T> {
  readonly result?: T;
  readonly error?: unknown;
  readonly trace: Readonly<WireTrace>;
}

interface Watch {
  readonly trace: WireTrace;
  readonly connectMs: number;
  readonly requests: ClientRequest[];
  /** Whether the call has returned or its deadline has passed. A request that the SDK starts later must not be sent. */
  ended: boolean;
}

/**
 * Largest size of an answer in bytes. No answer to a mail, a look-up or a health check is this large. The limit is needed since
 * SDKs keep a whole answer in memory.
 */
const MOST_BYTES = 16 * 1024 * 1024;
/**
 * Largest size of a compressed answer in bytes: decompressed, it may be a thousand times as large. No request asks for
 * compression.
 */
const MOST_COMPRESSED = 128 * 1024;

const current = new AsyncLocalStorage<Watch>();

subscribe('http.client.request.created', (event) => {
  const watch = current.getStore();
  if (watch) recordRequest((event as { request: ClientRequest }).request, watch);
});

/**
 * Runs a call that uses `node:http` or `node:https`, and records the network events of its request. The request is destroyed if
 * it has no connection after `connectMs`, or if the call has not returned after `deadlineMs`. Never throws: the result contains
 * the error of the call.
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
      // From now on no request is sent. An answer that has arrived on an established connection, but was not read yet, still
      // counts.
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
    // The trace is copied, since later events of a destroyed socket must not change the result.
    return { error, trace: { ...trace } };
  } finally {
    settled = true;
    watch.ended = true;
    clearTimeout(timer);
  }
}

function recordRequest(request: ClientRequest, watch: Watch): void {
  const { trace, connectMs, requests } = watch;
  // axios follows redirects, and would post the message to another host. Instead, a redirect counts as the provider's final
  // answer.
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
    // The socket of a reused connection is already connected; a new socket emits an event when it is connected.
    if (socket.connecting) socket.once(socket.encrypted ? 'secureConnect' : 'connect', connected);
    else if (socket.secureConnecting) socket.once('secureConnect', connected);
    else connected();
  });
  request.once('finish', () => {
    trace.written = trace.connected;
  });
  // This listener runs before the SDK's own listener, which may immediately start the next request.
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
