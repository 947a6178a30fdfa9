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

test('an address gets one mail of the class, and later mails wait until the address is verified', async () => {
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

test('mail that waits until its address is verified and expires is dead-lettered without being sent', async () => {
  const { world, send } = given();
  await send();
  await send({ id: 'second' });
  const next = world.again();
  world.now += 7_200_000;
  await world.send(next);

  expect(world.offered).toHaveLength(1);
  expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Expired' } });
});

test('a mail with several recipients waits only for the recipients that must wait', async () => {
  const { world, send } = given();
  await send();
  await send({ id: 'second', to: ['ada@example.org', 'bob@example.org'] });

  expect(world.offered).toEqual([['ada@example.org'], ['bob@example.org']]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
});

test('the first mail may be sent again, for example after a duplicate delivery', async () => {
  const { recipients } = given();

  expect(await recipients.waiting(['ada@example.org'], 'first')).toEqual(new Set());
  expect(await recipients.waiting(['ada@example.org'], 'first')).toEqual(new Set());
  expect(await recipients.waiting(['ada@example.org'], 'other')).toEqual(new Set(['ada@example.org']));
});

test('if two mails to an address are the first at the same time, one of them waits', async () => {
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

test('the mail waits while the table fails', async () => {
  const { world, table, send } = given();
  table.behavior = 'fail';
  await send();

  expect(world.offered).toEqual([]);
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
});

test('mail of a class without the option causes no read or write of the table', async () => {
  const { world, table, send } = given();
  await send({ class: 'receipts' });
  await send({ class: 'receipts', id: 'second' });

  expect(world.offered).toHaveLength(2);
  expect(table.reads + table.writes).toBe(0);
});
