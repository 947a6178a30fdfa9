import { expect, test } from 'vitest';
import type { SuppressionEntry } from '../../../lambda/suppression/entry.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const [ADA, BOB] = ['ada@example.org', 'bob@example.org'];
const bounce: SuppressionEntry = { reason: 'hard-bounce', source: 'ses', at: 1 };
const complaint: SuppressionEntry = { reason: 'complaint', source: 'mailgun', at: 1 };
const accepted = { kind: 'accepted', providerMessageId: 'id' } as const;
const list = (entries: Record<string, SuppressionEntry>) => ({ find: async () => new Map(Object.entries(entries)) });
const mail = (to: string[], name = 'receipts') =>
  sqsRecord({ version: 1, id: 'order-1', class: name, from: 'shop@example.com', to, subject: 'x', text: 'x' });

const events = (world: ReturnType<typeof givenWorld>) =>
  world.sent.filter(({ queue }) => queue === 'events').map(({ body }) => JSON.parse(body));

test('a suppressed recipient is left out and reported by an event, and the mail is sent to the other recipients', async () => {
  const world = givenWorld({ postmark: [accepted] }, { suppressions: list({ [ADA]: bounce }) });

  await world.send(mail([ADA, BOB]));

  expect(world.offered).toEqual([[BOB]]);
  expect(events(world)).toMatchObject([
    { type: 'suppressed', recipient: ADA, submissionId: 'order-1', provider: 'ses', reason: 'bounced-before' },
  ]);
});

test('the event for an entry that an operator made does not name the operator', async () => {
  const world = givenWorld({}, { suppressions: list({ [ADA]: { reason: 'manual', source: 'grace', at: 1 } }) });

  await world.send(mail([ADA]));

  expect(events(world)).toMatchObject([{ type: 'suppressed', provider: 'mailover', reason: 'deactivated' }]);
  expect(JSON.stringify(world.sent.filter(({ queue }) => queue === 'events'))).not.toContain('grace');
});

test('mail with only suppressed recipients reaches no provider and is not dead-lettered', async () => {
  const world = givenWorld({}, { suppressions: list({ [ADA]: complaint }) });

  await world.send(mail([ADA]));
  await world.send(mail([ADA]));

  expect(world.calls).toEqual([]);
  expect(world.sent.map(({ queue }) => queue)).not.toContain('dead');
  expect(new Set(events(world).map(({ id }) => id)).size).toBe(1);
});

test.each([
  ['a hard bounce', bounce, [[ADA]]],
  ['no complaint', complaint, []],
])('a class may override %s', async (_, entry, offered) => {
  const routes = [{ class: 'password-reset', overrideHardBounces: true }];
  const world = givenWorld({ postmark: [accepted] }, { routes, suppressions: list({ [ADA]: entry }) });

  await world.send(mail([ADA], 'password-reset'));

  expect(world.offered).toEqual(offered);
});

test('while the list cannot be read, mail is sent, or waits if its class requires the list', async () => {
  const suppressions = { find: () => Promise.reject(new Error('table down')) };
  const routes = [{ class: 'newsletters', onListUnreadable: 'wait' as const }];
  const world = givenWorld({ postmark: [accepted] }, { routes, suppressions });

  await world.send(mail([ADA]));
  expect(world.calls).toEqual(['postmark']);
  const waiting = sqsRecord({ ...JSON.parse(mail([ADA], 'newsletters').body), id: 'news-1' }, { receiveCount: 9 });
  for (let receive = 0; receive < 3; receive += 1) await world.send(waiting);

  expect(world.sent.map(({ queue }) => queue)).toEqual(Array(3).fill('retry-postmark'));
  expect(world.calls).toEqual(['postmark']);
});
