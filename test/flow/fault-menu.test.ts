import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { faultMenu } from '../../local/simulators/fault-menu.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

let stack: OpenStack;

beforeAll(async () => {
  stack = await openStack({ timeScale: 60 });
});

afterAll(async () => {
  await stack?.close();
});

// For each fault that the console offers, and for every provider type: the outcome that the sender records must fit the name of
// the fault.
it.each([
  ['suspended', /^unavailable account/],
  ['refused', /^refused message/],
  ['throttled', /^throttled/],
  ['failed', /^unavailable outage/],
  ['closed', /^unavailable outage/],
  ['lost', /^unknown/],
  ['hanging', /^unknown/],
])('%s', async (id, meaning) => {
  const { providers } = stack.stack.info;
  await Promise.all(
    providers.map(({ key, type }) =>
      stack.api('PUT', `/api/providers/${key}/fault`, faultMenu(type).find((named) => named.id === id)?.faults),
    ),
  );
  await stack.api('DELETE', '/api/circuits');

  for (const { key } of providers) await send(`${id}-${key}`, key);

  for (const { key } of providers)
    await expect.poll(() => firstOutcome(`${id}-${key}`), { timeout: 60_000, interval: 200 }).toMatch(meaning);
  await Promise.all(providers.map(({ key }) => stack.api('DELETE', `/api/providers/${key}/fault`)));
});

async function firstOutcome(id: string): Promise<string> {
  const submission = (await stack.api('GET', `/api/submissions/${id}`)) as
    | { attempts: { outcome?: string; blames?: string; reason?: string }[] }
    | undefined;
  // Mail of the previous test is still retried, and a provider may answer such mail with a Retry-After. The sender may then skip
  // this provider at first for the mail of this test, so skipped attempts are ignored.
  const attempt = submission?.attempts.find((one) => one.outcome !== 'skipped');
  const { outcome = 'none yet', blames = '', reason = '' } = attempt ?? {};
  return `${outcome} ${blames} ${reason}`.replaceAll('  ', ' ');
}

async function send(id: string, key: string): Promise<void> {
  const body = {
    version: 1,
    id,
    from: 'shop@example.com',
    to: ['ada@example.org'],
    subject: 'hi',
    text: 'Hello',
    onUnknown: 'hold',
    providers: { only: [key] },
  };
  await stack.send([body]);
}
