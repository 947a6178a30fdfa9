import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Fault } from '../faults/faults.ts';

/**
 * Writes the answer of a fault to the socket without a change, and ends the connection.
 *
 * Node's response object would add, check and correct headers. A fault needs more freedom, for example for a wrong
 * Content-Length, or for a 1xx status as the only answer. If Content-Length or Connection is missing, it is added here, unless
 * the status forbids it.
 */
export function writeVerbatim(socket: Socket, respond: NonNullable<Fault['respond']>): void {
  const { status, headers = {}, body = '' } = respond;
  const bytes = Buffer.from(body);
  const named = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const bodiless = status < 200 || status === 204 || status === 304;
  if (!bodiless && !named.has('content-length') && !named.has('transfer-encoding'))
    lines.push(`Content-Length: ${bytes.length}`);
  if (!named.has('connection') && status !== 101) lines.push('Connection: close');
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
  socket.end(Buffer.concat([Buffer.from(head, 'utf8'), bytes]));
}
