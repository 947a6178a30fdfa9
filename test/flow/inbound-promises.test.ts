import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeForm } from '../../local/simulators/inbound/form.ts';
import { signPost } from '../../local/simulators/mailgun/webhook.ts';
import { givenInboundStack, type InboundStack } from '../support/inbound-stack.ts';

// These tests check received mail while providers retry, while requests are forged, and while AWS services fail. They use only
// the HTTP API and the inbound queue of a running local stack.

/**
 * Number of mails (`MAILS`) in the test with failing AWS services, and number of forged requests (`FORGERIES`). `npm run
 * test:inbound-full` uses 10,000 and 100,000.
 */
const MAILS = Number(process.env['MAILOVER_INBOUND_MAILS'] ?? 120);
const FORGERIES = Number(process.env['MAILOVER_INBOUND_FORGERIES'] ?? 500);
/** Providers retry a webhook request for eight hours. At this time scale, eight hours take less than two real minutes. */
const TIME_SCALE = 300;

let stack: InboundStack;
beforeAll(async () => {
  stack = await givenInboundStack(TIME_SCALE);
}, 60_000);
afterAll(async () => {
  await stack?.close();
});

test('no forged, altered or replayed request is accepted', {
  timeout: 60_000 + FORGERIES * 20,
}, async () => {
  const before = stack.messages.length;
  const honest = mailgun({ to: 'forged@in.example.com' });
  expect((await send(honest)).status).toBe(200);
  const { signingKey = '', path = '', mimePath = '', storePath = '' } = stack.info.inbound['mailgun'] ?? {};
  const postmark = { path: '', username: '', password: '', ...stack.info.inbound['postmark'] };
  const now = () => Math.floor(Date.now() / 1000);
  const make: (() => Sent)[] = [
    // Requests signed with a wrong key, and with an empty key.
    () => mailgun({ signature: signPost(randomBytes(16).toString('hex'), now()) }),
    () => mailgun({ signature: signPost('', now()) }),
    // The signature covers the timestamp followed by the token. If the last digit of the timestamp is moved to the token, the
    // signature still fits.
    () => {
      const { timestamp, token, signature } = signPost(signingKey, now());
      return mailgun({
        signature: { timestamp: timestamp.slice(0, -1), token: timestamp.slice(-1) + token, signature },
      });
    },
    () => {
      const signature = signPost(signingKey, now());
      return mailgun({ signature: { ...signature, timestamp: String(Number(signature.timestamp) - 1) } });
    },
    () => mailgun({ signature: { ...signPost(signingKey, now()), token: randomBytes(25).toString('hex') } }),
    // Requests whose signed timestamp is too old, or too far in the future.
    () => mailgun({ signature: signPost(signingKey, now() - 25 * 3600) }),
    () => mailgun({ signature: signPost(signingKey, now() + 20 * 60) }),
    // Requests with the valid signature of another request, at the paths of all three webhook formats of Mailgun.
    () => mailgun({ signature: honest.signature, subject: randomBytes(4).toString('hex') }),
    () => mailgun({ signature: honest.signature, to: 'other@in.example.com' }),
    () => mailgun({ signature: honest.signature, path: mimePath, subject: 'x' }),
    () => mailgun({ signature: honest.signature, path: storePath, subject: 'x' }),
    // Requests with a valid signature at a wrong path.
    () => mailgun({ path: `${path}x` }),
    () => mailgun({ path: '/inbound/mailgun/guess' }),
    () => mailgun({ path: '/inbound/nobody/guess' }),
    // Requests for Postmark without credentials, with wrong credentials, or at a wrong path.
    () => json(postmark.path, ''),
    () => json(postmark.path, `${postmark.username}:wrong`),
    () => json(postmark.path, `wrong:${postmark.password}`),
    () => json(postmark.path, `${postmark.username}:`),
    () => json(`${postmark.path}x`, `${postmark.username}:${postmark.password}`),
    () => json(path, `${postmark.username}:${postmark.password}`),
  ];

  const statuses: number[] = [];
  while (statuses.length < FORGERIES)
    statuses.push(...(await Promise.all(make.map(async (one) => (await send(one())).status))));

  console.log(`${statuses.filter((status) => status < 300).length} of ${statuses.length} forged requests accepted`);
  expect(statuses.filter((status) => status !== 401 && status !== 404)).toEqual([]);
  await stack.until(() => stack.messages.length > before);
  expect(stack.messages.slice(before)).toHaveLength(1);
});

test('genuine requests up to eight hours old are accepted, with the current or the previous key', {
  timeout: 60_000,
}, async () => {
  const { signingKey = '', previousSigningKey = '' } = stack.info.inbound['mailgun'] ?? {};
  const now = Math.floor(Date.now() / 1000);
  const ages = Array.from({ length: 50 }, (_, n) => Math.round((n / 49) * 8 * 3600));

  const answers = await Promise.all(
    ages.map((age, n) => send(mailgun({ signature: signPost(n % 2 ? signingKey : previousSigningKey, now - age) }))),
  );

  expect(answers.map(({ status }) => status)).toEqual(ages.map(() => 200));
});

test('a repeated request is answered 200, and only one message is on the queue', { timeout: 30_000 }, async () => {
  const request = mailgun({ to: 'again@in.example.com' });

  const statuses = (await Promise.all([1, 2, 3, 4].map(() => send(request)))).map(({ status }) => status);
  statuses.push((await send(request)).status);

  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  await arrived('again@in.example.com');
});

test('a mail that arrives through two providers is delivered once', { timeout: 60_000 }, async () => {
  const mails = Array.from({ length: 30 }, (_, n) => `both-${n}@in.example.com`);

  await Promise.all(
    mails.flatMap((to, n) =>
      (['mailgun', 'postmark'] as const).map((provider) =>
        stack.take(provider, {
          raw: mail(`both-${n}`),
          from: 'ada@example.com',
          to: [to],
          ...(provider === 'mailgun' && { form: ['form', 'mime', 'store'][n % 3] ?? 'form' }),
        }),
      ),
    ),
  );

  for (const to of mails) await arrived(to);
});

test(`while half of all writes to queue and bucket fail, each of ${MAILS} mails arrives once`, {
  timeout: 60_000 + MAILS * 400,
}, async () => {
  await stack.call('PUT', '/api/aws/fault', [
    { service: 'sqs', operation: 'SendMessage', error: 'ServiceUnavailable', rate: 0.5 },
    { service: 's3', operation: 'PutObject', error: 'SlowDown', rate: 0.5 },
  ]);
  const ids = Array.from({ length: MAILS }, (_, n) => `half-${n}`);
  const begun = Date.now();
  const taken = new Map<string, string[]>([
    ['mailgun', []],
    ['postmark', []],
  ]);
  for (let start = 0; start < ids.length; start += 20) {
    await Promise.all(
      ids.slice(start, start + 20).map(async (id, n) => {
        const provider = n % 2 === 0 ? 'mailgun' : 'postmark';
        const [reception] = await stack.take(provider, {
          raw: mail(id),
          from: 'ada@example.com',
          to: [`${id}@in.example.com`],
          ...(provider === 'mailgun' && { form: ['form', 'mime'][(start / 20) % 2] ?? 'form' }),
        });
        taken.get(provider)?.push(reception?.id ?? '');
      }),
    );
    // A provider would not post all mails at the same time. Waits until at most 400 of the mails so far have not yet arrived.
    const sofar = start + 20;
    await stack.until(() => arrivals().length > sofar - 400, 120_000);
  }
  await stack.until(() => new Set(arrivals()).size === MAILS, 30_000 + MAILS * 300);
  await stack.call('DELETE', '/api/aws/fault');
  for (const provider of taken.keys()) {
    await stack.until(async () => {
      const list = (await stack.call('GET', `/api/providers/${provider}/inbound`)) as { id: string; status: string }[];
      return list.every(({ status }) => status !== 'scheduled');
    }, 120_000);
  }

  const found = arrivals();
  console.log(
    `${new Set(found).size} of ${MAILS} arrived, ${found.length - new Set(found).size} twice, in ${((Date.now() - begun) / 1000).toFixed(0)} s`,
  );
  expect(new Set(found).size).toBe(MAILS);
  expect(found).toHaveLength(MAILS);
});

/**
 * Returns the recipients of all messages of the test above that were read from the inbound queue so far. These recipients begin
 * with `half-`.
 */
function arrivals(): string[] {
  return stack.messages.flatMap(({ envelope }) => envelope.to.filter((to) => to.startsWith('half-')));
}

interface Sent {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly authorization?: string;
  readonly signature: ReturnType<typeof signPost>;
}

function mailgun(given: {
  readonly signature?: ReturnType<typeof signPost>;
  readonly path?: string;
  readonly to?: string;
  readonly subject?: string;
}): Sent {
  const route = stack.info.inbound['mailgun'];
  const signature = given.signature ?? signPost(route?.['signingKey'] ?? '', Math.floor(Date.now() / 1000));
  const id = `<${randomBytes(8).toString('hex')}@example.com>`;
  const form = encodeForm([
    ['recipient', given.to ?? 'box@in.example.com'],
    ['sender', 'ada@example.com'],
    ['subject', given.subject ?? 'Hello'],
    ['from', 'ada@example.com'],
    ['body-plain', 'hello'],
    ['message-headers', JSON.stringify([['Message-Id', id]])],
    ...Object.entries(signature),
  ]);
  return { path: given.path ?? route?.path ?? '', signature, ...form };
}

function json(path: string, credentials: string): Sent {
  return {
    path,
    contentType: 'application/json',
    ...(credentials && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    body: Buffer.from(JSON.stringify({ OriginalRecipient: 'box@in.example.com', MessageID: 'x', TextBody: 'x' })),
    signature: { timestamp: '', token: '', signature: '' },
  };
}

async function send({ path, contentType, authorization, body }: Sent): Promise<Response> {
  return await fetch(`${stack.info.endpoints.http}${path}`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...(authorization && { authorization }) },
    body: new Uint8Array(body),
  });
}

function mail(id: string): Buffer {
  return Buffer.from(
    `Message-ID: <${id}@example.com>\r\nFrom: Ada <ada@example.com>\r\nTo: box@in.example.com\r\nSubject: ${id}\r\n\r\nhello ${id}\r\n`,
  );
}

/** Waits for a message to this recipient, and checks that no second message follows. */
async function arrived(to: string): Promise<void> {
  const found = () => stack.messages.filter(({ envelope }) => envelope.to.includes(to));
  await stack.until(() => found().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(found(), to).toHaveLength(1);
}
