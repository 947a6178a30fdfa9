import { expect, test } from 'vitest';
import { canaryId, canarySubmission } from '../../../lambda/canary/canary.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const many = Array.from({ length: 60 }, (_, place) => `n${place}@example.org`);
const mail = {
  version: 1,
  id: 'order-1',
  from: 'shop@example.com',
  to: ['ada@example.org', 'grace@example.org'],
  cc: ['cc@example.org'],
  bcc: ['bcc@example.org'],
  text: 'hello',
};

/**
 * Sends a mail in the stage `redirect`. Returns every message with which a provider was called, with the recipients of this
 * message.
 */
async function redirected(body: object) {
  const seen: { key: string; message: Message; recipients: readonly string[] }[] = [];
  const world = givenWorld(
    {},
    {
      redirectTo: 'dev@example.net',
      call: async ({ key }, { message, recipients }) => {
        seen.push({ key, message, recipients });
        if (key === 'postmark') return { outcome: { kind: 'unavailable', blames: 'outage', reason: 'server-error' } };
        return { outcome: { kind: 'accepted', providerMessageId: '1' } };
      },
    },
  );
  await world.send(sqsRecord(body));
  return { world, seen };
}

test('every provider gets one address in place of all recipients, and a header lists the recipients', async () => {
  const { world, seen } = await redirected(mail);

  expect(seen.map(({ key }) => key)).toEqual(['postmark', 'mailgun']);
  for (const { message, recipients } of seen) {
    expect(recipients).toEqual(['dev@example.net']);
    expect(message).toMatchObject({ to: [{ address: 'dev@example.net' }], cc: [], bcc: [] });
    const mime = (await composeMime(message)).toString().replaceAll('\r\n ', ' ');
    expect(mime).toContain(
      'X-Mailover-Redirected-From: ada@example.org, grace@example.org, cc@example.org, bcc@example.org\r\n',
    );
    expect(mime).toContain('To: dev@example.net\r\n');
  }
  expect(world.entry()).toMatchObject({ state: 'done' });
  expect(world.sent).toEqual([]);
});

test('the header lists at most fifty recipients and the number of the other recipients', async () => {
  const { seen } = await redirected({ ...mail, to: many });
  const [, value] = seen[0]?.message.headers.find(([name]) => name === 'X-Mailover-Redirected-From') ?? [];
  expect(value).toMatch(/n49@example\.org and 12 more$/);
});

test('a canary keeps its address, since Mailover must receive it', async () => {
  const canaries = {
    way: 'out',
    provider: 'postmark',
    config: { to: 'canary@in.example.com', everyMinutes: 30 },
    class: 'x',
  } as const;
  const world = givenWorld(
    { postmark: [{ kind: 'accepted', providerMessageId: '1' }] },
    { redirectTo: 'dev@example.net' },
  );
  const body = canarySubmission(canaries, 'token', Date.parse('2026-11-24T13:00:00Z'));

  await world.send(await world.redriven(body, { SubmissionId: canaryId(canaries, 7) }));

  expect(world.offered).toEqual([['canary@in.example.com']]);
});
