import { expect, test } from 'vitest';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { verifiedRecipients } from '../../../lambda/suppression/verified.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const MAIL = {
  version: 1,
  id: 'first',
  class: 'invitations',
  from: 'a@example.com',
  to: ['ada@example.org'],
  text: 'x',
};
const ACCEPTED = { kind: 'accepted', providerMessageId: 'p1' } as const;
const DAY_MS = 24 * 3_600_000;

function given() {
  const table = memoryTable();
  const world = givenWorld(
    {},
    {
      routes: [{ class: 'invitations', verifiedRecipients: true, expiresAfterSeconds: 7_200 }],
      verified: { waiting: (addresses, id) => recipients.waiting(addresses, id) },
      call: async () => ({ outcome: ACCEPTED }),
    },
  );
  const recipients = verifiedRecipients(
    table,
    addressHashes({ read: async () => ({ key: 'k' }) }, 'list'),
    () => world.now,
  );
  const send = (more: object = {}) => world.send(sqsRecord({ ...MAIL, ...more }, { sentAt: world.now }));
  return { world, table, recipients, send };
}

test('an address gets one mail of the class, and the next ones wait until it is verified', async () => {
  const { world, table, recipients, send } = given();
  await send();
  await send({ id: 'second' });
  expect(world.offered).toEqual([['ada@example.org']]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
  expect(JSON.stringify([...table.items])).not.toContain('ada');
  expect(await recipients.verify('Ada@example.org')).toBe(true);
  expect(await recipients.verify('ada@example.org')).toBe(false);
  const next = world.again();
  world.now += 120_000;
  await world.send(next);
  await send({ id: 'third' });

  expect(world.offered).toHaveLength(3);
  expect(world.sent).toHaveLength(1);
});

test('mail that waits for its recipient ends as expired when its time is over, unsent', async () => {
  const { world, send } = given();
  await send();
  await send({ id: 'second' });
  const next = world.again();
  world.now += 7_200_000;
  await world.send(next);

  expect(world.offered).toHaveLength(1);
  expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Expired' } });
});

test('of several recipients only those wait that have to', async () => {
  const { world, send } = given();
  await send();
  await send({ id: 'second', to: ['ada@example.org', 'bob@example.org'] });

  expect(world.offered).toEqual([['ada@example.org'], ['bob@example.org']]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
});

test('the first mail itself may be tried again, also as a copy', async () => {
  const { recipients } = given();

  expect(await recipients.waiting(['ada@example.org'], 'first')).toEqual(new Set());
  expect(await recipients.waiting(['ada@example.org'], 'first')).toEqual(new Set());
  expect(await recipients.waiting(['ada@example.org'], 'other')).toEqual(new Set(['ada@example.org']));
});

test('of two that are first at the same time one waits', async () => {
  const { recipients } = given();

  const both = await Promise.all(['one', 'two'].map((id) => recipients.waiting(['ada@example.org'], id)));

  expect(both.map(({ size }) => size).toSorted()).toEqual([0, 1]);
});

test('after fourteen days another submission may be the first mail', async () => {
  const { world, recipients } = given();
  await recipients.waiting(['ada@example.org'], 'first');
  world.now += 14 * DAY_MS;

  expect(await recipients.waiting(['ada@example.org'], 'other')).toEqual(new Set());
  expect(await recipients.waiting(['ada@example.org'], 'first')).toEqual(new Set(['ada@example.org']));
});

test('while the table does not answer the mail waits', async () => {
  const { world, table, send } = given();
  table.behavior = 'fail';
  await send();

  expect(world.offered).toEqual([]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
});

test('a class without the option asks nothing', async () => {
  const { world, table, send } = given();
  await send({ class: 'receipts' });
  await send({ class: 'receipts', id: 'second' });

  expect(world.offered).toHaveLength(2);
  expect(table.reads + table.writes).toBe(0);
});
