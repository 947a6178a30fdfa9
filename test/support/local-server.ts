import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A request as it arrived, with its body. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Number of the connection. The server counts its connections from 1, in the order in which it accepts them. */
  readonly connection: number;
}

/** Called after the whole request was read: answers the request, or does something else with its socket. */
export type Answer = (response: ServerResponse, request: Received, socket: Socket) => unknown;

/** Starts a server on an ephemeral port of 127.0.0.1. The server records requests and gives the configured answers. */
export async function startServer(answer: Answer, onHead?: (request: IncomingMessage) => boolean) {
  const received: Received[] = [];
  const numbers = new Map<Socket, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    if (onHead?.(request)) return;
    const connection = numbers.get(request.socket) ?? 0;
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const whole = { method, url, headers, body: Buffer.concat(chunks), connection };
      received.push(whole);
      answer(response, whole, request.socket);
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    numbers.set(socket, connections);
    socket.on('close', () => numbers.delete(socket));
  });
  const url = await listening(server);
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of numbers.keys()) socket.destroy();
      server.close(() => resolve());
    });
  return {
    url,
    port: new URL(url).port,
    received,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Makes a server listen on an ephemeral port of 127.0.0.1; returns the URL of the server, as one of HTTP. */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns the URL of a port on which no server listens. */
export async function closedUrl(): Promise<string> {
  const server = await startServer(() => {});
  await server.close();
  return server.url;
}

/** Returns an answer that consists of exactly these bytes. */
export function verbatim(status: number, headers: Record<string, string>, body: string): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Returns an answer that uses the given answers one after the other, one for each request, and then always the last of them. */
export function inTurn(...answers: readonly [Answer, ...Answer[]]): Answer {
  let requests = 0;
  return (...all) => {
    const answer = answers[requests] ?? answers.at(-1);
    requests += 1;
    answer?.(...all);
  };
}
