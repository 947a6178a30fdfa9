import { expect, test } from 'vitest';
import type { Message } from '../../../lambda/mail/message.ts';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { suppressionReader } from '../../../lambda/suppression/list.ts';
import { readUnsubscribeToken, unsubscribeToken } from '../../../lambda/suppression/unsubscribe-token.ts';
import { unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const SECRET = { key: 'the-key' };
const NEWS = { version: 1, id: 'news-1', class: 'news', from: 'a@example.com', to: ['ada@example.org'], text: 'x' };
const ACCEPTED = { kind: 'accepted', providerMessageId: 'p1' } as const;

function given(options: { secretDown?: boolean } = {}) {
  const table = memoryTable();
  const secrets = { read: async () => SECRET };
  const messages: Message[] = [];
  const asked: (string | undefined)[] = [];
  const list = suppressionReader(table, secrets, 'list', { now: () => 0, sleep: async () => {} });
  const world = givenWorld(
    {},
    {
      routes: [{ class: 'news', unsubscribe: true }, { class: 'receipts' }],
      unsubscribeUrl: 'https://api.example.com/unsubscribe',
      unsubscribeToken: async (one) => {
        if (options.secretDown) throw new Error('no secret');
        return unsubscribeToken(one, SECRET);
      },
      suppressions: {
        find: (addresses, name) => {
          asked.push(name);
          return list.find(addresses, name);
        },
      },
      call: async (_provider, { message }) => {
        messages.push(message);
        return { outcome: ACCEPTED };
      },
    },
  );
  const left = unsubscribes(table, addressHashes(secrets, 'list'), () => 0);
  return {
    world,
    table,
    messages,
    asked,
    left,
    send: (body: object) => world.send(sqsRecord(body, { sentAt: world.now })),
  };
}

const header = (message: Message | undefined, name: string) => message?.headers.find(([one]) => one === name)?.[1];

test('mail of the class has a one-click link of its recipient', async () => {
  const { send, messages } = given();
  await send(NEWS);

  const [, token = ''] =
    /^<https:\/\/api\.example\.com\/unsubscribe\/([\w-]+)>$/.exec(header(messages[0], 'List-Unsubscribe') ?? '') ?? [];
  expect(readUnsubscribeToken(token, SECRET)).toEqual({ address: 'ada@example.org', class: 'news' });
  expect(header(messages[0], 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
});

test('a mailto of the submission is kept beside the link, and a URL of the submission replaces the link', async () => {
  const { send, messages } = given();
  await send({ ...NEWS, id: 'news-2', unsubscribe: { mailto: 'leave@example.com' } });
  await send({ ...NEWS, id: 'news-3', unsubscribe: { url: 'https://example.com/leave' } });

  expect(header(messages[0], 'List-Unsubscribe')).toMatch(/^<https:\/\/api\.[^>]+>, <mailto:leave@example\.com>$/);
  expect(header(messages[1], 'List-Unsubscribe')).toBe('<https://example.com/leave>');
});

test('mail of another class has no link, and the suppression list is read for addresses only', async () => {
  const { send, messages, asked } = given();
  await send({ ...NEWS, class: 'receipts' });

  expect(header(messages[0], 'List-Unsubscribe')).toBeUndefined();
  expect(asked).toEqual([undefined]);
});

test('an unsubscribed recipient gets no mail of the class but mail of other classes; this needs one read and sends an event', async () => {
  const { send, messages, left, world, table } = given();
  await left.add({ address: 'Ada@example.org', class: 'news' }, { at: 0, source: 'mailover' });
  await send(NEWS);
  const { reads } = table;
  await send({ ...NEWS, id: 'receipt-1', class: 'receipts' });

  expect(reads).toBe(1);
  expect(messages.map(({ id }) => id)).toEqual(['receipt-1']);
  expect(world.sent.map(({ queue, body }) => [queue, JSON.parse(body)])).toMatchObject([
    [
      'events',
      { type: 'suppressed', reason: 'unsubscribed-before', provider: 'mailover', recipient: 'ada@example.org' },
    ],
  ]);
});

test('a submission to several recipients is malformed, since the link is personal', async () => {
  const { send, world, messages } = given();
  await send({ ...NEWS, bcc: ['bob@example.org'] });

  expect(messages).toEqual([]);
  expect(world.sent[0]?.attributes).toMatchObject({ Reason: 'Malformed' });
  expect(world.sent[0]?.attributes['Detail']).toMatch(/^to: given 2 recipients .* it must be one/);
});

test('the mail waits while the key of the link cannot be read', async () => {
  const { send, world, messages } = given({ secretDown: true });
  await send(NEWS);

  expect(messages).toEqual([]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
});
