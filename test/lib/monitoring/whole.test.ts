import { expect, test, vi } from 'vitest';
import { givenDeployed } from './deployed.ts';
import { liveThrough } from './outage-world.ts';
import { PROVIDERS } from './providers.ts';

// The tests simulate hours of the stack's time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const KEYS = PROVIDERS.map(({ key }) => key);
const deployed = givenDeployed({ providers: PROVIDERS });
const suspended = {
  outcome: { kind: 'unavailable', blames: 'account', reason: 'account-suspended' },
  takesMs: 50,
  health: { state: 'account-refused', reason: 'account-suspended' },
} as const;

test('no provider left pages, and so does mail that has stopped; both end when one is back', async () => {
  const seen = await liveThrough(
    {
      providers: PROVIDERS,
      faulty: [{ keys: KEYS, situation: suspended }],
      everyMs: 30_000,
      minutes: 15,
      recovery: 45,
    },
    deployed,
  );

  const titles = new Set(seen.raised.map((name) => name.split('/').at(-1) ?? ''));
  expect([...titles].filter((title) => !title.startsWith('Failure')).sort()).toEqual([
    'AccountRefused',
    'CircuitOpen',
    'MailStopped',
    'NoProviderLeft',
    'NothingAccepted',
    'OneWayBroken',
  ]);
  expect(seen.afterwards).toEqual([]);
  expect(seen.lost).toBe(0);
});

test('no provider left pages before any mail has to wait for it', async () => {
  const seen = await liveThrough(
    { providers: PROVIDERS, faulty: [{ keys: KEYS, situation: suspended }], minutes: 15, recovery: 0 },
    deployed,
  );

  expect(seen.raised).toContain('Mailover/NoProviderLeft');
  expect(seen.raised).not.toContain('Mailover/MailStopped');
});

test('three of four providers broken page for each account, and mail goes on', async () => {
  const seen = await liveThrough(
    {
      providers: PROVIDERS,
      faulty: [{ keys: KEYS.slice(0, 3), situation: suspended }],
      everyMs: 30_000,
      minutes: 15,
      recovery: 0,
    },
    deployed,
  );

  expect(seen.raised).not.toContain('Mailover/NoProviderLeft');
  expect(seen.raised).not.toContain('Mailover/MailStopped');
});
