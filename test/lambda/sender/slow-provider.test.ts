import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { providerPool } from '../../../lambda/providers/pool.ts';
import { definitions, loadProvider } from '../../../lambda/providers/registry.ts';
import { providerCaller } from '../../../lambda/sender/call.ts';
import { startServer } from '../../support/local-server.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const DEADLINE_MS = 1_000;
const postmark: ProviderConfig = {
  key: 'postmark',
  type: 'postmark',
  options: {},
  deadlineMs: DEADLINE_MS,
  connectMs: 300,
};
const to = ['a@example.org', 'b@example.org', 'bad@localhost', 'c@example.org', 'd@example.org'];
const mail = { version: 1, id: 'order-1', from: 'a@example.com', to, subject: 'hi', text: 'hello' };

/**
 * Starts a provider that refuses every call that contains the bad address. The refusal comes so late that the attempt has no time
 * for a second call.
 */
async function givenSlowProvider() {
  const served: string[] = [];
  const offered: string[][] = [];
  const { url, close } = await startServer(async (response, { body }) => {
    const email = JSON.parse(body.toString());
    const all: string[] = [email.To, email.Cc, email.Bcc].flatMap((list?: string) => list?.split(/,\s*/) ?? []);
    offered.push(all);
    await wait(DEADLINE_MS * (0.5 + Math.random() / 5));
    const isBad = all.includes('bad@localhost');
    if (!isBad) served.push(...all);
    response
      .writeHead(isBad ? 422 : 200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(
          isBad ? { ErrorCode: 300, Message: "Error parsing 'To'" } : { ErrorCode: 0, Message: 'OK', MessageID: 'pm' },
        ),
      );
  });
  return { served, offered, url, close };
}

it('a provider that has time for one call in an attempt accepts the mail once for every good recipient, in several rounds', {
  timeout: 60_000,
}, async () => {
  const provider = await givenSlowProvider();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const pool = providerPool(
    { definitions, loadProvider },
    { read: async () => ({ serverToken: 'token' }) },
    { postmark: provider.url },
    { name: 'Mailover', log: quiet, metrics: { add: () => undefined } },
  );
  const world = givenWorld({}, { call: providerCaller(pool) });
  world.redeploy([postmark]);

  await world.send(sqsRecord(mail, { sentAt: world.now }));
  for (let round = 1; world.entry()?.state === 'open' && round < 12; round += 1) {
    world.now += (world.sent.at(-1)?.delay ?? 0) * 1_000;
    await world.send(world.again());
  }
  await provider.close();

  expect(provider.offered[0]).toEqual(to);
  expect(provider.served.toSorted()).toEqual(to.filter((one) => one !== 'bad@localhost'));
  expect(world.sent.at(-1)).toMatchObject({
    queue: 'dead',
    attributes: { Reason: 'Refused', Done: '0,1,3,4', Detail: expect.stringContaining("Error parsing 'To'") },
  });
  expect(world.lines.join()).not.toContain('@');
});
