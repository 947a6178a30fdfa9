import { expect, test } from 'vitest';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const MAIL = { version: 1, id: 'news-1', class: 'news', from: 'a@example.com', to: ['ada@example.org'], text: 'x' };
const ACCEPTED = { kind: 'accepted', providerMessageId: 'p1' } as const;

function given(outcome: object = ACCEPTED) {
  const paused = new Set(['news']);
  const counted: [string, number][] = [];
  const world = givenWorld(
    {},
    {
      routes: [{ class: 'news', expiresAfterSeconds: 7_200 }],
      classes: {
        isPaused: async (name) => paused.has(name),
        count: (name, recipients) => void counted.push([name, recipients]),
        report: async () => {},
      },
      call: async () => ({ outcome }) as never,
    },
  );
  const send = (more: object = {}) => world.send(sqsRecord({ ...MAIL, ...more }, { sentAt: world.now }));
  return { world, paused, counted, send };
}

test('mail of a paused class waits until the class is released, and mail of other classes is sent', async () => {
  const { world, paused, counted, send } = given();
  await send();
  await send({ id: 'receipt', class: 'receipts', to: ['ada@example.org', 'bob@example.org'] });
  await send({ id: 'plain', class: undefined });
  expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark']);
  expect(world.offered).toHaveLength(2);
  paused.delete('news');
  const next = world.again();
  world.now += 120_000;

  await world.send(next);

  expect(world.offered).toHaveLength(3);
  expect(counted).toEqual([
    ['receipts', 2],
    ['news', 1],
  ]);
});

test('mail of a paused class counts as HeldBack, and not in the metric RetryAge, which shows faults', async () => {
  const { world, send } = given();
  await send();

  expect(world.counted).toContain('HeldBack');
  expect(world.counted).not.toContain('RetryAge');
});

test('mail of a paused class that expires is dead-lettered without being sent', async () => {
  const { world, send } = given();
  await send();
  const next = world.again();
  world.now += 7_201_000;
  await world.send(next);

  expect(world.offered).toEqual([]);
  expect(world.sent.at(-1)).toMatchObject({
    queue: 'dead',
    attributes: expect.objectContaining({ Reason: 'Expired' }),
  });
});

test('a refused recipient does not count as a recipient of the class', async () => {
  const { world, counted, send, paused } = given({ kind: 'refused', blames: 'message', reason: 'format' });
  paused.clear();
  await send();

  expect(world.offered.length).toBeGreaterThan(0);
  expect(counted.reduce((sum, [, mails]) => sum + mails, 0)).toBe(0);
});
