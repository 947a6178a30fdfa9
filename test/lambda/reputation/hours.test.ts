import { expect, test } from 'vitest';
import type { DeliveryEvent } from '../../../lambda/contract/event.ts';
import { readHour, unwantedNotes, writeAccepted } from '../../../lambda/reputation/hours.ts';
import { memoryLists } from '../../support/memory-lists.ts';

const HOUR = 3_600_000;
const START = 500_000 * HOUR;
const EVENT: DeliveryEvent = {
  version: 1,
  id: 'a'.repeat(43),
  provider: 'ses',
  providerEventId: 'e1',
  type: 'bounced',
  bounce: 'hard',
  recipient: 'ada@example.org',
  submissionId: 'order-1',
  class: 'news/weekly',
  at: '2026-11-29T12:00:00.000Z',
};

function given() {
  const lists = memoryLists();
  const world = { now: START };
  const note = unwantedNotes(lists, { clock: { now: () => world.now } });
  return Object.assign(world, {
    lists,
    note: (more: Partial<DeliveryEvent> = {}, to = 'h1') => note({ ...EVENT, ...more }, to),
  });
}

test('hard bounces and complaints of a class are counted in their hour, each recipient of a mail once', async () => {
  const world = given();
  await world.note();
  await world.note({ id: 'b'.repeat(43), provider: 'mailgun' });
  await world.note({}, 'h2');
  await world.note({ submissionId: 'order-2' });
  await world.note({ type: 'complained' });
  world.now += HOUR;
  await world.note({ submissionId: 'order-3' });

  expect(await readHour(world.lists, 500_000)).toEqual(
    new Map([['news/weekly', new Map([['ses', { mails: 0, bounces: 3, complaints: 1 }]])]]),
  );
  expect(await readHour(world.lists, 500_001)).toEqual(
    new Map([['news/weekly', new Map([['ses', { mails: 0, bounces: 1, complaints: 0 }]])]]),
  );
});

test.each([
  { type: 'bounced', bounce: 'soft' },
  { type: 'bounced', bounce: 'blocked' },
  { type: 'delivered' },
  { type: 'suppressed' },
  { class: undefined },
  { submissionId: undefined },
] as Partial<DeliveryEvent>[])('%j counts for no class', async (more) => {
  const world = given();
  await world.note(more);
  expect(world.lists.items.size).toBe(0);
});

test('accepted mail is the sum over the processes, each with its last count', async () => {
  const { lists } = given();
  const write = (process: string, mails: number) =>
    writeAccepted(lists, { hour: 500_000, process, name: 'news/weekly', mails }, START);
  await write('one', 10);
  await write('two', 5);
  await write('one', 12);

  expect(await readHour(lists, 500_000)).toEqual(
    new Map([['news/weekly', new Map([['', { mails: 17, bounces: 0, complaints: 0 }]])]]),
  );
});

test('items name no recipient, and end', async () => {
  const world = given();
  await world.note();

  const [item] = [...world.lists.items.values()];
  expect(JSON.stringify(item)).not.toMatch(/ada|order-1/);
  expect(item?.expires).toBeGreaterThan(START / 1000 + 7 * 86_400);
});
