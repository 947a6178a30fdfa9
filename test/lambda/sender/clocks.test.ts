import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], subject: 'hi', text: 'hello' };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const DAY = 24 * 3_600_000;

/** Returns a queue message that was received for the first time this number of days after it was sent. */
function waited(world: { now: number }, body: unknown, days: number, receiveCount = 1) {
  const record = sqsRecord(body, { sentAt: world.now - days * DAY, receiveCount });
  return { ...record, attributes: { ...record.attributes, ApproximateFirstReceiveTimestamp: String(world.now) } };
}

describe('a message that waited on the outbound queue', () => {
  it('for less than five days is sent, and may be retried for four days after its first receive', async () => {
    const world = givenWorld({ postmark: [down, accepted], mailgun: [down] });
    await world.send(waited(world, mail, 4.9));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 60 }]);
    world.now += 3 * DAY;

    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
  });

  it('for more than five days is dead-lettered as Exhausted, and no provider is called', async () => {
    const world = givenWorld({});
    const record = waited(world, mail, 5.01);

    await world.send(record);

    expect(world.sent).toMatchObject([{ queue: 'dead', body: record.body, attributes: { Reason: 'Exhausted' } }]);
    expect(world.sent[0]?.attributes['FirstSeen']).toBe(new Date(world.now - 5.01 * DAY).toISOString());
  });

  it('for more than five days and has expired is dead-lettered as Expired', async () => {
    const world = givenWorld({});

    await world.send(waited(world, { ...mail, expiresAt: new Date(world.now - 1_000).toISOString() }, 6));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired' } }]);
  });

  it.each([
    ['an unknown version', { ...mail, version: 2 }, 'Malformed'],
    ['an object that cannot be read', { version: 1, s3: { bucket: 'mail', key: 'submissions/1' } }, 'Exhausted'],
  ])('for nearly 14 days with %s is dead-lettered at this receive, before SQS deletes it', async (_, body, reason) => {
    const world = givenWorld({}, { objects: { read: () => Promise.reject(new Error('503')) } });

    await world.send(waited(world, body, 13.9));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: reason } }]);
  });

  it('for more than five days is deleted if it is a copy of an accepted message', async () => {
    const world = givenWorld({ postmark: [accepted] });
    await world.send(sqsRecord(mail));

    await world.send(waited(world, mail, 6));

    expect(world.sent).toEqual([]);
  });
});

describe('expiresAt', () => {
  it("is at most 14 days ahead, with an allowance for the producer's clock", async () => {
    const world = givenWorld({ postmark: [accepted] });
    const until = (ms: number) => ({ ...mail, expiresAt: new Date(world.now + ms).toISOString() });

    await world.send(sqsRecord(until(14 * DAY + 2_000)));
    await world.send(sqsRecord({ ...until(15 * DAY), id: 'order-2' }));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Malformed', SubmissionId: 'order-2' } }]);
    expect(world.sent[0]?.attributes['Detail']).toBe(
      'expiresAt: given a time 15 days ahead; it must be at most 14 days ahead',
    );
  });
});

describe('the S3 objects of a message', () => {
  const withObjects = {
    ...mail,
    attachments: [
      { filename: 'a.txt', contentType: 'text/plain', s3: { bucket: 'mail', key: 'submissions/a' } },
      { filename: 'b.txt', contentType: 'text/plain', s3: { bucket: 'mail', key: 'submissions/b' } },
    ],
  };
  const pointer = { version: 1, s3: { bucket: 'mail', key: 'submissions/whole' } };

  function givenObjects(renew: (key: string) => Promise<void>) {
    const renewed: string[] = [];
    const objects = {
      read: async ({ key }: { key: string }) => Buffer.from(key.endsWith('whole') ? JSON.stringify(withObjects) : 'x'),
      renew: async ({ key }: { key: string }) => {
        await renew(key);
        renewed.push(key);
      },
    };
    return { renewed, world: givenWorld({ postmark: [accepted] }, { objects }) };
  }

  it('are all copied when the message is redriven, and at no other time', async () => {
    const { renewed, world } = givenObjects(async () => {});
    await world.send(await world.redriven(pointer, { Reason: 'Refused', SubmissionId: 'order-1' }));

    expect(renewed).toEqual(['submissions/whole', 'submissions/a', 'submissions/b']);
    expect(world.calls).toEqual(['postmark']);

    const fresh = givenObjects(async () => {});
    await fresh.world.send(sqsRecord(pointer));
    expect(fresh.renewed).toEqual([]);
  });

  it('that cannot be copied now keep the message on its queue, where it is still recognised as redriven', async () => {
    const { world } = givenObjects(() => Promise.reject(new Error('SlowDown')));

    const redriven = world.redriven(pointer, { Reason: 'Refused', SubmissionId: 'order-1' });

    await expect(world.send(await redriven)).rejects.toThrow('object not readable');
    expect(world.sent).toEqual([]);
  });
});
