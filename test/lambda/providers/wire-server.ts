import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Message } from '../../../lambda/mail/message.ts';
import type { Attempt } from '../../../lambda/providers/provider.ts';

/** A request as it arrived, with its body. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Treatment of a request that was read to its end. */
export type Answer = (response: ServerResponse, request: Received, socket: Socket) => void;

/** A server on an ephemeral port of 127.0.0.1 that records requests and gives the configured answers. */
export async function startServer(answer: Answer, onHead?: (request: IncomingMessage) => boolean) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    if (onHead?.(request)) return;
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const whole = { method, url, headers, body: Buffer.concat(chunks) };
      received.push(whole);
      answer(response, whole, request.socket);
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    connections: () => connections,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A port without a listener. */
export async function closedPort(): Promise<number> {
  const server = await startServer(() => {});
  await server.close();
  return server.port;
}

/** An answer with exactly these bytes. */
export function verbatim(status: number, headers: Record<string, string>, body: string): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Ways to lose an answer after the request was read, and what each means. */
export const LOST: readonly { readonly name: string; readonly answer: Answer; readonly reason: string }[] = [
  {
    name: 'reset after the request was read',
    answer: (_, __, socket) => socket.resetAndDestroy(),
    reason: 'connection-lost',
  },
  { name: 'closed after the request was read', answer: (_, __, socket) => socket.destroy(), reason: 'connection-lost' },
  { name: 'hang after the request was read', answer: () => {}, reason: 'no-answer' },
  {
    name: 'body of a 200 cut off',
    answer: (response, _, socket) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":"<a@b>","MessageId":"', () => socket.destroy());
    },
    reason: 'answer-lost',
  },
  {
    name: 'no HTTP at all',
    answer: (_, __, socket) => socket.end('220 mail.example.com ESMTP\r\n'),
    reason: 'connection-lost',
  },
];

/** MIME with parts that a careless transport would change: bare dots, trailing blanks, 8-bit bytes, every byte value. */
export const MIME = Buffer.concat([
  Buffer.from(
    'From: a@example.com\r\nTo: list@example.org\r\nX-Mailover-Id: order-1\r\n\r\n.\r\nblanks  \r\n%recipient.name% {{x}}\r\n--\r\n',
  ),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\nend'),
]);

/** An attempt with a small message; `recipients` differ from the header on purpose. */
export function attemptOf(change: { message?: Partial<Message>; attempt?: Partial<Attempt> } = {}): Attempt {
  const message: Message = {
    id: 'order-1',
    handle: 'h'.repeat(43),
    messageId: `<${'h'.repeat(43)}@example.com>`,
    date: new Date('2026-11-23T00:00:00Z'),
    from: { name: 'Shop', address: 'a@example.com' },
    to: [{ address: 'list@example.org' }],
    cc: [],
    bcc: [{ address: 'hidden@example.net' }],
    replyTo: [],
    subject: 'Hello',
    text: 'x',
    headers: [],
    attachments: [],
    metadata: {},
    ...change.message,
  };
  return {
    message,
    recipients: ['list@example.org', 'hidden@example.net'],
    mime: async () => MIME,
    tracking: { opens: false, clicks: false },
    number: 1,
    deadlineMs: 400,
    connectMs: 300,
    ...change.attempt,
  };
}
