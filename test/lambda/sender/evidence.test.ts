import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../lambda/contract/event.ts';
import { eventItem } from '../../../lambda/events/event-item.ts';
import { eventEvidence } from '../../../lambda/events/evidence.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], subject: 'hi', text: 'hello' };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'service-unavailable' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };
const MINUTE = 60_000;

describe('with delivery events, a lost answer', () => {
  const two = { ...mail, to: ['b@example.org', 'c@example.org'] };
  const found = { state: 'done', attempts: [{ outcome: 'accepted', reason: 'found', providerMessageId: 'pm-9' }] };

  it.each(['accepted', 'deferred', 'delivered', 'bounced', 'complained', 'opened'] as const)(
    'is resolved by the event `%s` without a look-up',
    async (type) => {
      const { evidence, add } = givenEvents();
      const world = givenWorld({ postmark: [lost] }, { evidence });
      await world.send(sqsRecord(mail, { sentAt: world.now }));
      await add({ type, providerMessageId: 'pm-9' });

      world.now += MINUTE;
      await world.send(world.again());

      expect(world.questions).toEqual([]);
      expect(world.entry()).toMatchObject(found);
    },
  );

  it.each([
    ['the provider did not try', { type: 'rejected' }],
    ['the recipient is on the list of the provider', { type: 'suppressed' }],
    ['another provider accepted it', { type: 'delivered', provider: 'ses' }],
    ['it is about another recipient', { type: 'delivered', recipient: 'z@example.org' }],
  ] as const)('is not resolved by an event if %s', async (_, event) => {
    const { evidence, add } = givenEvents();
    const world = givenWorld({ postmark: [lost], mailgun: [accepted] }, { evidence });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    await add(event);

    world.now += MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun']);
  });

  it('is resolved for each recipient that has an event, and the mail waits for the events of the other recipients', async () => {
    const { evidence, add } = givenEvents();
    const world = givenWorld({ postmark: [lost] }, { evidence });
    await world.send(sqsRecord(two, { sentAt: world.now }));
    await add({ type: 'delivered', recipient: 'b@example.org' });
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark']);
    await add({ type: 'bounced', recipient: 'c@example.org', providerMessageId: 'pm-9' });
    world.now += 2 * MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject(found);
  });

  it('is resolved by an event that arrives after the last look-up', async () => {
    const { evidence, add } = givenEvents();
    const world = givenWorld({ postmark: [lost, down], mailgun: [down] }, { evidence });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    await add({ type: 'delivered', providerMessageId: 'pm-9' });
    world.now += 2 * MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect(world.entry()?.state).toBe('done');
  });

  it('makes the mail wait while the events cannot be read, but only for a limited time', async () => {
    const evidence = () => Promise.reject(new Error('table down'));
    const world = givenWorld({ postmark: [lost], mailgun: [accepted] }, { evidence });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    for (const calls of [['postmark'], ['postmark'], ['postmark', 'mailgun']]) {
      world.now += 2 * MINUTE;
      await world.send(world.again());
      expect(world.calls).toEqual(calls);
    }
  });

  it('is resolved after a redrive if a delivery event has reported in the meantime that the mail was sent', async () => {
    const { evidence, add } = givenEvents();
    const world = givenWorld({ postmark: [lost] }, { evidence });
    await world.send(sqsRecord({ ...mail, onUnknown: 'hold' }, { sentAt: world.now }));
    world.now += 2 * MINUTE;
    await world.send(world.again());
    await add({ type: 'delivered', providerMessageId: 'pm-9' });

    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject({
      state: 'done',
      attempts: [{ outcome: 'accepted', providerMessageId: 'pm-9' }],
    });
  });
});

/** Creates the store of delivery events, which the sender reads as evidence that a provider accepted `order-1`. `add` adds an event. */
function givenEvents() {
  const lists = memoryLists();
  let count = 0;
  return {
    evidence: eventEvidence(lists, async (address) => [`hash of ${address}`]),
    add: ({ provider = 'postmark', recipient = 'b@example.org', ...event }: Partial<DeliveryEvent>) =>
      lists.add(
        eventItem(
          {
            version: 1,
            id: `e-${++count}`,
            provider,
            providerEventId: '',
            type: 'other',
            recipient,
            submissionId: 'order-1',
            at: '2026-11-24T12:00:30.000Z',
            ...event,
          },
          `hash of ${recipient}`,
          0,
        ),
      ),
  };
}
