import { expect, test } from 'vitest';
import { deadLetterEventSchema } from '../../../lambda/contract/dead-letter-event.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const BAD = { version: 1, id: 'order-1', class: 'receipts', from: 'a@example.com', to: ['ada@example.org'], text: 'x' };
const REFUSED = { kind: 'refused', blames: 'message', reason: 'content', known: true, detail: 'bad' } as never;

function given(deadLetterEvents?: boolean) {
  return givenWorld({ postmark: [REFUSED, REFUSED], mailgun: [REFUSED, REFUSED] }, defined({ deadLetterEvents }));
}

test('before a dead letter, an event about it is sent, without addresses or content', async () => {
  const world = given(true);
  await world.send(sqsRecord(BAD, { sentAt: world.now }));

  expect(world.sent.map(({ queue }) => queue)).toEqual(['events', 'dead']);
  const [event] = world.sent;
  expect(event?.attributes).toMatchObject({ Type: 'dead-letter', Class: 'receipts' });
  expect(event?.body).not.toContain('@');
  const { Reason, Detail } = world.sent[1]?.attributes ?? {};
  expect(deadLetterEventSchema.parse(JSON.parse(event?.body ?? ''))).toMatchObject({
    submissionId: 'order-1',
    class: 'receipts',
    provider: event?.attributes['Provider'],
    attempts: 2,
    reason: Reason,
    detail: Detail,
  });
});

test('a message that is no submission also causes an event', async () => {
  const world = given(true);
  await world.send(sqsRecord('no json', { messageId: 'message-1' }));

  expect(JSON.parse(world.sent[0]?.body ?? '')).toMatchObject({ submissionId: 'message-1', reason: 'Malformed' });
});

test('while the events queue or the dead-letter queue fails, the message stays on its queue, and its event keeps its id', async () => {
  const world = given(true);
  const record = sqsRecord('no json', { messageId: 'message-1', sentAt: world.now });
  world.queueDown = (queue) => queue === 'events';
  await expect(world.send(record)).rejects.toThrow();
  expect(world.sent).toEqual([]);
  world.queueDown = (queue) => queue === 'dead';
  await expect(world.send(record)).rejects.toThrow();
  world.queueDown = () => false;
  await world.send(record);

  expect(world.sent.map(({ queue }) => queue)).toEqual(['events', 'events', 'dead']);
  expect(new Set(world.sent.slice(0, 2).map(({ body }) => (JSON.parse(body) as { id: string }).id)).size).toBe(1);
});

test('without the option, no event is sent', async () => {
  const world = given();
  await world.send(sqsRecord(BAD, { sentAt: world.now }));

  expect(world.sent.map(({ queue }) => queue)).toEqual(['dead']);
});
