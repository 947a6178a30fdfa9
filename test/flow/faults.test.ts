import { createHash, randomBytes } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { localAws } from '../support/open-stack.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** At this time scale, an hour of the local stack takes 30 seconds. The deadlines of attempts are not scaled: they are in real time. */
const TIME_SCALE = 120;

let stack: RunningStack;

beforeAll(async () => {
  stack = await givenStack(TIME_SCALE);
}, 30_000);

afterEach(() => stack.repairAll());
afterAll(() => stack.close());

const NETWORK_BEFORE = ['refuse', 'reset-mid-request', 'reset', 'hang'] as const;
const NETWORK_AFTER = ['reset-after-accept', 'hang-after-accept'] as const;

describe('the local stack under faults of the first provider', () => {
  it.each<[string, unknown]>([
    ['500', { respond: { status: 500, body: '{"ErrorCode":500,"Message":"oops"}' } }],
    ['a suspended account', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"Account may not send."}' } }],
    ['a changed API', { respond: { status: 422, body: '{"ErrorCode":402,"Message":"Invalid JSON"}' } }],
    ['429', { respond: { status: 429, headers: { 'Retry-After': '30' }, body: '' } }],
    [
      'an HTML page',
      { respond: { status: 403, headers: { 'Content-Type': 'text/html' }, body: '<html>blocked</html>' } },
    ],
    ['a 404', { respond: { status: 404, body: '' } }],
    ...NETWORK_BEFORE.map((network): [string, unknown] => [network, { network }]),
  ])('sends every mail once, and none through the first provider: %s', { timeout: 60_000 }, async (_, fault) => {
    await stack.breakProvider('postmark', fault);
    const ids = await send(10);

    const accepted = await stack.accepted(ids);

    expect(accepted.map(({ submissionId }) => submissionId).sort()).toEqual([...ids].sort());
    expect(new Set(accepted.map(({ provider }) => provider))).not.toContain('postmark');
  });

  it.each(NETWORK_AFTER)('sends no mail twice if the answer is lost: %s', { timeout: 60_000 }, async (network) => {
    await stack.breakProvider('postmark', { network });
    const ids = await send(10);

    const accepted = await stack.accepted(ids);
    const { outbound, retry } = stack.info.queues;
    await stack.until(async () => (await stack.depth([outbound, ...Object.values(retry)])) === 0);

    expect(accepted.map(({ submissionId }) => submissionId).sort()).toEqual([...ids].sort());
    expect(await stack.accepted(ids)).toHaveLength(ids.length);
  });

  it('keeps all mail in retry queues while all providers are down, and sends the mail when the providers have recovered', {
    timeout: 90_000,
  }, async () => {
    const keys = stack.info.providers.map(({ key }) => key);
    await Promise.all(keys.map((key) => stack.breakProvider(key, { network: 'refuse' })));
    const ids = await send(10);
    await stack.until(async () => (await stack.depth(Object.values(stack.info.queues.retry))) === ids.length);
    expect(await stack.depth([stack.info.queues.deadLetter])).toBe(0);

    await stack.repairAll();

    expect(await stack.accepted(ids)).toHaveLength(ids.length);
  });
});

describe('the local stack under bad input', () => {
  it('accepts nine submissions and dead-letters the malformed submission with its reason', {
    timeout: 60_000,
  }, async () => {
    const ids = await send(9);
    await stack.send([{ version: 1 }]);

    expect(await stack.accepted(ids)).toHaveLength(9);
    const [letter] = await stack.letters(1);
    expect(letter?.Body).toBe('{"version":1}');
    expect(letter?.MessageAttributes?.['Reason']?.StringValue).toBe('Malformed');
  });

  it('dead-letters a message that two providers refuse', { timeout: 60_000 }, async () => {
    const refuse = (body: string, status: number) => ({ respond: { status, body } });
    await stack.breakProvider('postmark', refuse('{"ErrorCode":300,"Message":"Invalid email request"}', 422));
    await stack.breakProvider(
      'mailgun',
      refuse('{"message":"to parameter is not a valid address. please check documentation"}', 400),
    );

    await send(1);

    const [letter] = await stack.letters(1);
    expect(letter?.MessageAttributes?.['Reason']?.StringValue).toBe('Refused');
  });
});

describe('the local stack', () => {
  it('sends an attachment of 5 MB from the bucket byte for byte', { timeout: 60_000 }, async () => {
    const s3 = new S3Client({ ...localAws(stack.info.endpoints.aws), forcePathStyle: true });
    const content = randomBytes(5_000_000);
    await s3.send(new PutObjectCommand({ Bucket: stack.info.buckets.mail, Key: 'submissions/big.bin', Body: content }));
    const id = 'big-1';
    await stack.send([
      {
        ...submission(id),
        attachments: [
          {
            filename: 'big.bin',
            contentType: 'application/octet-stream',
            s3: { bucket: stack.info.buckets.mail, key: 'submissions/big.bin' },
          },
        ],
      },
    ]);

    const [entry] = await stack.accepted([id]);

    expect(entry?.attachments[0]).toMatchObject({
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  });

  it('sends a name that needs quoting, and emoji, unchanged', { timeout: 60_000 }, async () => {
    const body = {
      ...submission('emoji-1'),
      subject: 'Grüße 🎉',
      from: { name: 'Hector" <>(', address: 'hector@example.com' },
    };
    await stack.send([body]);

    const [entry] = await stack.accepted(['emoji-1']);

    expect(entry?.headers.find(([name]) => name === 'From')?.[1]).toContain('"Hector\\" <>("');
  });
});

describe('the simulated SMTP server of the local stack', () => {
  it.each(['connect', 'ehlo', 'starttls', 'auth'])(
    'has a fault at %s even if a connection was open before',
    { timeout: 60_000 },
    async (stage) => {
      const reply = stage === 'auth' ? '535 5.7.8 nope' : '421 4.3.2 busy';
      const only = { providers: { only: ['own-mta', 'ses'] } };
      await stack.accepted(await send(1, only));
      await stack.breakProvider('own-mta', { smtp: { stage, reply } });

      const [entry] = await stack.accepted(await send(1, only));

      expect(entry?.provider).toBe('ses');
    },
  );

  it.each([
    ['a quoted local part', '"a \\"b\\" c"@example.org', '"a \\"b\\" c"@example.org'],
    ['an internationalised domain', 'ada@exämple.org', 'ada@xn--exmple-cua.org'],
    ['every legal sign', "A!#$%&'*+-/=?^_`{|}~z@example.org", "A!#$%&'*+-/=?^_`{|}~z@example.org"],
  ])('gets %s in the correct form', { timeout: 60_000 }, async (_, given, taken) => {
    const [entry] = await stack.accepted(await send(1, { to: [given], providers: { only: ['own-mta'] } }));

    expect(entry?.envelope.to).toEqual([taken]);
  });
});

let sent = 0;

async function send(count: number, change: object = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `flow-${++sent}`);
  await stack.send(ids.map((id) => ({ ...submission(id), ...change })));
  return ids;
}

function submission(id: string) {
  return {
    version: 1,
    id,
    from: 'shop@example.com',
    to: ['ada@example.org'],
    subject: 'hi',
    text: 'hello',
    providers: { only: ['postmark', 'mailgun', 'ses', 'own-mta'] },
  };
}
