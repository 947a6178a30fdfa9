import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
  /** 1 for the first connection that the server accepted. */
  connection: number;
}

export type Answer =
  | { status: number; headers?: Record<string, string>; body: string }
  /** Treatment of the socket once the whole request was read. */
  | ((socket: Socket) => void);

/** A server on a real socket that reads each request whole and gives the answers in order, repeating the last one. */
export async function serve(...answers: [Answer, ...Answer[]]) {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const numbers = new Map<Socket, number>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.push({
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      connection: numbers.get(request.socket) ?? 0,
    });
    const answer = answers[seen.length - 1] ?? answers.at(-1);
    if (typeof answer === 'function') return answer(request.socket);
    response.writeHead(answer?.status ?? 500, answer?.headers).end(answer?.body);
  });
  server.on('connection', (socket) => {
    numbers.set(socket, numbers.size + 1);
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
