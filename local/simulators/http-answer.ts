import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Fault } from '../faults/faults.ts';

/**
 * Writes a fault's answer to the socket unchanged, and ends the connection.
 *
 * Node's own response object would add, check and correct headers. Faults need more freedom, for example a wrong Content-Length, or
 * a 1xx status as the only answer. Only Content-Length and Connection are added here if they are missing.
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
