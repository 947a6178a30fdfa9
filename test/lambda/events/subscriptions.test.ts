import { expect, test } from 'vitest';
import type { DeliveryEvent } from '../../../lambda/contract/event.ts';
import { noteSubscription, noteVerified } from '../../../lambda/events/subscriptions.ts';

const EVENT: DeliveryEvent = {
  version: 1,
  id: 'a'.repeat(43),
  provider: 'postmark',
  providerEventId: 'e1',
  type: 'delivered',
  recipient: 'ada@example.org',
  class: 'news',
  at: '2026-11-29T12:00:00.000Z',
};
const AT = Date.parse(EVENT.at);

async function noted(more: Partial<DeliveryEvent>, classes: string[] | undefined = ['news']): Promise<string[]> {
  const calls: string[] = [];
  const event = { ...EVENT, ...more };
  await noteVerified(event, classes, {
    verify: async (address) => {
      calls.push(`verify ${address}`);
      return true;
    },
  });
  await noteSubscription(event, Date.parse(event.at), classes, {
    add: async ({ address, class: name }, item) => {
      calls.push(`add ${address} ${name} ${item.source} ${item.at}`);
      return item;
    },
    remove: async ({ address, class: name }, before) => {
      calls.push(`remove ${address} ${name} ${before}`);
      return true;
    },
  });
  return calls;
}

test.each([
  [{ type: 'delivered' }, ['verify ada@example.org']],
  [{ type: 'clicked' }, ['verify ada@example.org']],
  [{ type: 'clicked', machine: true }, []],
  [{ type: 'opened' }, []],
  [{ type: 'accepted' }, []],
  [{ type: 'bounced', bounce: 'soft' }, []],
  [{ type: 'unsubscribed' }, [`add ada@example.org news postmark ${AT}`]],
  [{ type: 'resubscribed' }, [`remove ada@example.org news ${AT}`]],
] as const)('%j of a class with the options notes %j', async (more, expected) => {
  expect(await noted(more)).toEqual(expected);
});

test.each([{ class: 'receipts' }, { type: 'unsubscribed', class: 'receipts' }] as const)(
  'events of another class note nothing (%j)',
  async (more) => {
    expect(await noted(more)).toEqual([]);
    expect(await noted(more, [])).toEqual([]);
  },
);
