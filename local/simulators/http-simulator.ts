import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, type FaultBoard, InvalidFault, type Occasion } from '../faults/faults.ts';
import { forget, KeptConnections } from '../faults/kept-connections.ts';
import { type OwnHosts, refuseForeign } from '../http-api/own-hosts.ts';
import type { AcceptedLog, Taking } from './accepted-log.ts';
import { writeVerbatim } from './http-answer.ts';

/** Limit above the largest request of any provider: 40 MB of MIME at SES, in base64. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** A request to a simulated provider. */
export interface SimulatorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A provider's answer, with the mail that it accepted. */
export interface SimulatorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string or bytes. */
  readonly body: unknown;
  readonly taken?: readonly Taking[];
}

/** Behaviour of one HTTP provider without faults. */
export interface HttpBehaviour {
  occasionOf(method: string, path: string): Occasion;
  /** Text that a fault's `match` searches; empty for a request that cannot be read. */
  textOf(request: SimulatorRequest): Promise<string>;
  answer(request: SimulatorRequest): Promise<SimulatorAnswer>;
  /** Forgets the addresses on the provider's own list. */
  clear?(): void;
}

/** The server of one HTTP provider: applies a fault if there is one, else the provider's behaviour. */
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
    // Faults are looked up before the body is read where possible, so that a large request can be cut off.
    const readFirst = faults.needsText(key);
    let fault = readFirst ? undefined : faults.match(key, { on, text: '', kept: isKept });
    if (fault && cutsEarly(fault)) return await cut(request, fault);
    const body = await readBody(request);
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
    // A request that its client aborted ends here; an error of the simulator is logged and ends the connection.
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

async function pause(fault: Fault): Promise<void> {
  // Real milliseconds whatever the time scale, since the deadlines that a late answer may miss are real as well.
  if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_REQUEST_BYTES) chunks.push(chunk);
  }
  return size <= MAX_REQUEST_BYTES ? Buffer.concat(chunks) : undefined;
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
