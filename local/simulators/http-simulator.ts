import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type Fault, type FaultBoard, InvalidFault, type Occasion } from '../faults/faults.ts';
import { forget, KeptConnections } from '../faults/kept-connections.ts';
import { pause } from '../faults/pause.ts';
import { type OwnHosts, refuseForeign } from '../network/own-hosts.ts';
import { readBody } from '../network/read-body.ts';
import type { AcceptedLog, Taking } from './accepted-log.ts';
import { writeVerbatim } from './http-answer.ts';

/** Largest request body in bytes. SES allows the largest request of all providers: 40 MB of MIME in base64. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** A request to a simulated provider. */
export interface SimulatorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A provider's answer to a request, with the mails that the provider accepted from the request. */
export interface SimulatorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Body of the answer. It is sent as JSON unless it is a string or a buffer. */
  readonly body: unknown;
  readonly taken?: readonly Taking[];
}

/** The behaviour of a provider with an HTTP API while no fault is set. */
export interface HttpBehaviour {
  /** Returns the kind of a call, by method and path of the request. */
  occasionOf(method: string, path: string): Occasion;
  /**
   * Returns the text in which the `match` of a fault is searched: the subject, addresses and headers of the mail in a request.
   * May reject if the request cannot be parsed.
   */
  textOf(request: SimulatorRequest): Promise<string>;
  answer(request: SimulatorRequest): Promise<SimulatorAnswer>;
  /** Empties the provider's own suppression lists. */
  clear?(): void;
}

/**
 * Creates the server of one provider with an HTTP API. If a fault applies to a request, the server behaves as the fault says, and
 * otherwise like the provider.
 */
export function httpSimulator(
  key: string,
  behaviour: HttpBehaviour,
  faults: FaultBoard,
  log: AcceptedLog,
  own: OwnHosts,
): Server {
  faults.onChange(key, (list) => {
    if (list.some((fault) => fault.smtp))
      throw new InvalidFault(`Provider ${key} uses HTTP: give respond with a status and a body, not smtp.`);
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? 'GET';
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
    const on = behaviour.occasionOf(method, path);
    const isKept = kept.has(request.socket);
    // If no fault has a `match`, the fault is determined before the body is read. Then the fault can cut off a large request.
    const readFirst = faults.needsText(key);
    let fault = readFirst ? undefined : faults.match(key, { on, text: '', kept: isKept });
    if (fault && cutsEarly(fault)) return await cut(request, fault);
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === undefined) return send(response, { status: 413, body: 'Request Entity Too Large' });
    const seen = { method, path, query, headers: request.headers, body };
    if (readFirst) {
      fault = faults.match(key, { on, text: await behaviour.textOf(seen).catch(() => ''), kept: isKept });
      if (fault && cutsEarly(fault)) return await cut(request, fault);
    }
    if (fault?.respond || fault?.network === 'reset' || fault?.network === 'hang') {
      await pause(fault);
      if (fault.respond) writeVerbatim(request.socket, fault.respond);
      else if (fault.network === 'reset') request.socket.resetAndDestroy();
      return;
    }
    const answer = await behaviour.answer(seen);
    for (const taking of answer.taken ?? []) log.add(key, taking);
    if (fault) await pause(fault);
    if (fault?.network === 'hang-after-accept') return;
    if (fault?.network === 'reset-after-accept') request.socket.resetAndDestroy();
    else send(response, answer);
  };
  const server = createServer((request, response) => {
    // An error is ignored if the client aborted the request. Any other error is an error of the simulator: it is printed, and the
    // connection is closed.
    serve(request, response).catch((error: unknown) => {
      if (!request.destroyed || request.complete) console.error(`simulator of ${key} failed:`, error);
      request.socket.destroy();
    });
  });
  const kept = new KeptConnections(key, faults, server);
  return refuseForeign(server, own);
}

function cutsEarly(fault: Fault): boolean {
  return fault.network === 'refuse' || fault.network === 'reset-mid-request' || fault.network === 'forget';
}

async function cut(request: IncomingMessage, fault: Fault): Promise<void> {
  if (fault.network === 'forget') return await forget(request.socket, fault);
  if (fault.network === 'reset-mid-request' && !request.complete)
    for await (const _chunk of request.iterator({ destroyOnReturn: false })) break;
  await pause(fault);
  request.socket.resetAndDestroy();
}

function send(response: ServerResponse, { status, headers, body }: SimulatorAnswer): void {
  const text = typeof body === 'string';
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(text ? body : JSON.stringify(body));
  response.writeHead(status, {
    'Content-Type': text ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}
