import { expect, it } from 'vitest';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { hostileSubmissions, PLANT } from '../../support/hostile/submissions.ts';
import { seeded } from '../../support/seeded.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const COUNT = Number(process.env['MAILOVER_HOSTILE'] ?? 2_000);
const OUTCOMES: readonly Outcome[] = [
  { kind: 'accepted', providerMessageId: '1' },
  { kind: 'refused', blames: 'message', reason: 'format' },
  { kind: 'unavailable', blames: 'outage', reason: 'server-error' },
  { kind: 'unknown', reason: 'no-answer' },
];

const random = seeded(11);
const outcome = () => OUTCOMES[Math.floor(random() * OUTCOMES.length)] as Outcome;
const hostile = hostileSubmissions(random);

it(`${COUNT} hostile messages crash no process and are not lost, and none of their texts is left in a log or attribute`, {
  timeout: 60_000 + COUNT * 10,
}, async () => {
  const ends: Record<string, number> = {};
  for (let place = 0; place < COUNT; place++) {
    const world = givenWorld({
      postmark: Array.from({ length: 4 }, outcome),
      mailgun: Array.from({ length: 4 }, outcome),
    });
    const body = hostile.body(place);
    const record = { attributes: hostile.attributes(), sentAt: world.now, messageId: `message-${place}` };
    // Only a message whose version a later release of Mailover may be able to read stays on the queue until its last receive.
    const end = await world.send(sqsRecord(body, record)).then(
      () => 'ended',
      (error: Error) => error.name,
    );
    if (end !== 'ended') {
      expect([body, end]).toEqual([body, 'NewerVersionError']);
      await world.send(sqsRecord(body, { ...record, receiveCount: 5 }));
    }

    const homes = world.sent.map(({ queue }) => queue).filter((queue) => queue !== 'events');
    const done = Object.values(Object.fromEntries(world.table.items)).some((item) => item['state'] === 'done');
    expect([body, homes.length + Number(done)]).toEqual([body, 1]);
    for (const { queue, body: kept, attributes } of world.sent) {
      if (queue !== 'events') expect(kept).toBe(body);
      expect(JSON.stringify(attributes)).not.toContain(PLANT);
      expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
    }
    expect(world.lines.filter((line) => line.includes(PLANT))).toEqual([]);
    const home = homes[0] ?? 'done';
    ends[home] = (ends[home] ?? 0) + 1;
  }
  // Each way in which a submission may end has occurred at least once.
  expect(Object.keys(ends).toSorted()).toEqual(
    expect.arrayContaining(['dead', 'done', 'retry-mailgun', 'retry-postmark']),
  );
});
