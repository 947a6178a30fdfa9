import { describe, expect, it } from 'vitest';
import type { StoredAttempt } from '../../../lambda/submission/log.ts';
import { fromMailgun, fromSendgrid, givenWorld, mailgunEvent, NOW, referenceFor, sendgridEvent } from './world.ts';

const attempt = (provider: string, change: Partial<StoredAttempt> = {}): StoredAttempt => ({
  worker: 'w',
  number: 1,
  provider,
  account: { type: provider },
  begun: NOW - 9,
  ended: NOW,
  each: 'a',
  ...change,
});

describe('a second acceptance', () => {
  it.each([
    ['without a record', undefined, 'unexpected'],
    ['after no lost answer', [attempt('mailgun'), attempt('sendgrid', { number: 2 })], 'unexpected'],
    ['after a lost answer', [attempt('mailgun', { each: '?' }), attempt('sendgrid', { number: 2 })], 'expected'],
    ['after a failure', [attempt('mailgun', { each: '?f' }), attempt('sendgrid', { number: 2 })], 'expected'],
    ['after a lost answer of a third provider', [attempt('ses', { each: '?' }), attempt('mailgun')], 'unexpected'],
    [
      'during an attempt',
      [attempt('mailgun'), { ...attempt('sendgrid', { each: '?' }), ended: undefined }],
      'unexpected',
    ],
  ])('%s is counted once: %j is %s', async (_, attempts, outcome) => {
    const world = givenWorld();
    if (attempts)
      await world.table.write(
        { pk: 'submission/order-1', attempts, lease: { owner: 'w', until: NOW + 60_000 } },
        undefined,
      );

    await world.post(fromMailgun(mailgunEvent('m-1', 'order-1', { event: 'accepted' })));
    await world.post(fromSendgrid([sendgridEvent('s-1')]));
    await world.post(fromSendgrid([sendgridEvent('s-1'), sendgridEvent('s-2', 'order-1', { event: 'open' })]));
    await world.post(fromMailgun(mailgunEvent('m-2')));

    expect(world.metrics.filter((one) => one.startsWith('SentTwice'))).toEqual([`SentTwice ${outcome}`]);
    expect(world.log.join()).toContain(`"otherProvider":"mailgun","outcome":"${outcome}"`);
  });

  it('of the same provider is one of another attempt', async () => {
    const world = givenWorld();
    const second = { ...referenceFor('order-1'), 'mailover-attempt': '2 receipts' };

    await world.post(fromMailgun(mailgunEvent('m-1', 'order-1', { event: 'accepted' })));
    await world.post(fromMailgun(mailgunEvent('m-2')));
    expect(world.metrics).not.toContain('SentTwice unexpected');
    await world.post(fromMailgun(mailgunEvent('m-3', 'order-1', { 'user-variables': second })));

    expect(world.metrics).toContain('SentTwice unexpected');
  });

  it.each([
    ['for another recipient', { email: 'bob@example.org' }],
    ['of another submission', referenceFor('order-2')],
    ['that is none: the provider dropped the mail', { event: 'dropped', reason: 'Invalid' }],
  ])('is not an event %s', async (_, change) => {
    const world = givenWorld();

    await world.post(fromMailgun(mailgunEvent('m-1')));
    await world.post(fromSendgrid([sendgridEvent('s-1', 'order-1', change)]));

    expect(world.metrics.join()).not.toContain('SentTwice');
  });

  it('is not an event of the same message, under a new key of the account', async () => {
    const world = givenWorld();
    const message = { headers: { 'message-id': 'one' } };

    await world.post(fromMailgun(mailgunEvent('m-1', 'order-1', { message })));
    await world.post(fromSendgrid([sendgridEvent('s-1', 'order-1', { sg_message_id: 'one.filter' })]));

    expect(world.metrics.join()).not.toContain('SentTwice');
  });

  it('is taken again if the record cannot be read, and counted once', async () => {
    const world = givenWorld();
    await world.post(fromMailgun(mailgunEvent('m-1')));

    world.table.behavior = 'fail';
    expect((await world.post(fromSendgrid([sendgridEvent('s-1')]))).status).toBe(500);
    world.table.behavior = 'work';
    expect((await world.post(fromSendgrid([sendgridEvent('s-1')]))).status).toBe(200);

    expect(world.queued).toHaveLength(2);
    expect(world.metrics.filter((one) => one.startsWith('SentTwice'))).toHaveLength(1);
  });
});
