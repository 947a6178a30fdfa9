import { expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Attempt } from '../../../lambda/providers/provider.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const postmark: ProviderConfig = { key: 'pm', type: 'postmark', options: {} };
const smtp: ProviderConfig = { key: 'mta', type: 'smtp', options: { host: 'mail.example.com' } };

/** Sends `mails` messages. The provider accepts each message immediately. Returns the attempt for the last message. */
async function givenAttempt(provider: ProviderConfig, mails: number, fields: object = {}): Promise<Attempt> {
  const attempts: Attempt[] = [];
  const world = givenWorld(
    {},
    {
      call: async (_provider, attempt) => {
        attempts.push(attempt);
        return { outcome: { kind: 'accepted', providerMessageId: `${attempts.length}` } };
      },
    },
  );
  world.redeploy([provider]);
  for (let mail = 1; mail <= mails; mail += 1) {
    const last = mail === mails ? fields : {};
    const submission = {
      version: 1,
      id: `order-${mail}`,
      from: 'a@example.com',
      to: ['b@example.org'],
      subject: 'hi',
      text: 'x',
    };
    await world.send(sqsRecord({ ...submission, ...last }, { sentAt: world.now }));
  }
  return attempts.at(-1) as Attempt;
}

it('after twenty quick answers, a provider that offers look-ups has little more than a second to answer', async () => {
  const { answerMs, deadlineMs } = await givenAttempt(postmark, 21);

  expect(answerMs).toBeGreaterThanOrEqual(1_000);
  expect(answerMs).toBeLessThan(1_100);
  expect(deadlineMs).toBe(10_000);
});

it.each([
  ['before the provider has answered twenty times', postmark, 20, {}],
  ['for mail that must not be sent twice', postmark, 21, { onUnknown: 'hold' }],
  ['for a provider that offers no look-ups', smtp, 21, {}],
])('the provider has the whole deadline to answer %s', async (_, provider, mails, fields) => {
  const { answerMs } = await givenAttempt(provider, mails, fields);

  expect(answerMs).toBeUndefined();
});
