import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

// A child process that simulates AWS and every provider, so that their CPU time is not measured. It accepts all requests
// immediately. A request to `/counts` returns the counts below. A request to `/latency/200` delays the answers of the simulated
// providers with HTTP APIs by 200 ms.

/** Counts since the start of the process. */
const counts = {
  /** Number of mails that arrived over SMTP, and number of times that the SMTP server replied to one or more commands. */
  mails: 0,
  turns: 0,
  /** Write units of DynamoDB: one unit for each 1 KB of a written item, rounded up. */
  writeUnits: 0,
};
let latencyMs = 0;

const SECRET = { serverToken: 'bench', apiKey: 'bench', key: 'bench', username: '' };

const http = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const { url = '' } = request;
    if (target.endsWith('.PutItem')) counts.writeUnits += unitsOf(Buffer.concat(chunks).toString());
    if (url.startsWith('/latency/')) latencyMs = Number(url.split('/')[2]);
    const body = JSON.stringify(answerTo(target, url));
    const go = () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    };
    if (target === '' && latencyMs > 0) setTimeout(go, latencyMs);
    else go();
  });
});
// Idle connections must stay open longer than any pause within a measurement.
http.keepAliveTimeout = 600_000;

function answerTo(target: string, url: string): object {
  if (target.endsWith('.BatchGetItem')) return { Responses: {}, UnprocessedKeys: {} };
  if (target.startsWith('DynamoDB')) return {};
  if (target.endsWith('.GetSecretValue')) return { Name: 'bench', SecretString: JSON.stringify(SECRET) };
  if (url === '/counts') return counts;
  if (url === '/email') return { ErrorCode: 0, Message: 'OK', MessageID: 'b7bc2f4a-e38e-4336-af7d-e6c392c2f817' };
  if (url.startsWith('/v3/')) return { id: '<20261129.1@example.com>', message: 'Queued. Thank you.' };
  return { MessageId: '0100018f-bench' };
}

type Value = { readonly [type: string]: unknown };

/**
 * Returns the write units of a PutItem request, computed by the rules of DynamoDB for the size of an item (docs.aws.amazon.com,
 * CapacityUnitCalculations, 2026-11).
 */
function unitsOf(body: string): number {
  const { Item } = JSON.parse(body) as { readonly Item: Readonly<Record<string, Value>> };
  return Math.ceil(sizeOfMap(Item) / 1_024);
}

function sizeOfMap(map: Readonly<Record<string, Value>>): number {
  return Object.entries(map).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value), 0);
}

function sizeOf(value: Value): number {
  const [[type, content] = []] = Object.entries(value);
  if (type === 'S') return Buffer.byteLength(content as string);
  if (type === 'N') return Math.ceil((content as string).length / 2) + 1;
  if (type === 'L') return (content as Value[]).reduce((sum, one) => sum + 1 + sizeOf(one), 3);
  if (type === 'M') return sizeOfMap(content as Record<string, Value>) + Object.keys(content as object).length + 3;
  return 1;
}

const smtp = createTcpServer((socket) => serve(socket));

function serve(socket: Socket): void {
  let inBody = false;
  let text = '';
  // The client must wait for the reply 354 before it sends the body. It is a fault of the client if the body is in the same
  // packet as the command DATA.
  const reply = (lines: readonly string[]) => socket.write(`${lines.join('\r\n')}\r\n`);
  reply(['220 bench ESMTP']);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    const replies: string[] = [];
    for (;;) {
      const end = text.indexOf(inBody ? '\r\n.\r\n' : '\r\n');
      if (end === -1) break;
      const line = text.slice(0, end);
      text = text.slice(end + (inBody ? 5 : 2));
      if (inBody) {
        inBody = false;
        counts.mails += 1;
        replies.push('250 2.0.0 Ok: queued as BENCH');
      } else if (/^EHLO/i.test(line)) replies.push('250-bench', '250-PIPELINING', '250-8BITMIME', '250 SIZE 40000000');
      else if (/^DATA/i.test(line)) {
        inBody = true;
        replies.push('354 go on');
      } else if (/^QUIT/i.test(line)) {
        socket.end('221 bye\r\n');
        return;
      } else replies.push('250 ok');
    }
    if (replies.length === 0) return;
    counts.turns += 1;
    reply(replies);
  });
}

const ports = await Promise.all(
  [http, smtp].map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
      }),
  ),
);
process.send?.({ http: `http://127.0.0.1:${ports[0]}`, smtp: `smtp://127.0.0.1:${ports[1]}` } satisfies Addresses);
process.on('disconnect', () => process.exit());

export type Counts = typeof counts;

export interface Addresses {
  readonly http: string;
  readonly smtp: string;
}
