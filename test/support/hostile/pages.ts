import { connect } from 'node:net';
import { type Pick, PLANT } from './submissions.ts';

/** A host name that the stack is configured to accept in the `Host` header, in addition to the loopback names. */
export const DECLARED = 'mail.devbox.example';

const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.nip.io',
  'notlocalhost',
  '127.0.0.2',
  '0.0.0.0',
  '[::2]',
  '[::ffff:127.0.0.1]',
  `x.${DECLARED}`,
  `${DECLARED}.evil.example`,
  'localhost@evil.example',
  '2130706433',
  'mail.devbox.example.',
  'xn--lcalhost-gib',
  '127.1',
  '169.254.169.254',
];
const OWN = ['localhost', '127.0.0.1', '[::1]', 'a.b.localhost', 'LOCALHOST', DECLARED];

/**
 * Returns the bytes of a request to a local port, with a foreign `Origin` or a foreign `Host` header. A browser sends such a
 * request for a page of another site.
 */
export function foreignRequest(port: string, pick: Pick): string {
  const name = pick(FOREIGN);
  const own = `${pick(OWN)}:${port}`;
  const method = pick(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD']);
  const path = pick([
    '/',
    '/api/stack',
    '/api/circuits',
    '/api/providers/postmark/fault',
    '/api/aws/fault',
    '/?Action=ListQueues',
    '/000000000000/outbound',
    '/email',
    '/v3/mg.example.com/messages',
  ]);
  const lines = pick([
    [`Host: ${name}`],
    [`Host: ${name}:${port}`],
    [`Host: ${own}`, `Origin: http://${name}`],
    [`Host: ${own}`, `Origin: https://${name}:${port}`],
    [`Host: ${own}`, 'Origin: null'],
    [`Host: ${own}`, `Origin: http://${own}`, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image'],
    [`Host: ${own}`, `Host: ${name}`],
    [
      `Host: ${own}`,
      `Origin: http://${name}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ],
    [`Host: ${own}, ${name}`],
    [],
  ]);
  const body = JSON.stringify({ TableName: 'state', Item: {}, network: 'refuse', [PLANT]: PLANT });
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...lines,
    'Content-Type: text/plain',
    'X-Amz-Target: DynamoDB_20120810.ListTables',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/**
 * Sends these bytes to a local port, and reads until the connection closes or a minute has passed. Returns the answer or, without
 * an answer, the reason.
 */
export function answerOn(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    let why = 'closed';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.setTimeout(60_000, () => {
      why = 'silent';
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.name;
      if (why !== 'ECONNRESET') reject(error);
    });
    socket.once('close', () => resolve(text || `(${why})`));
  });
}
