import { expect, test, vi } from 'vitest';
import { deploy, resources } from '../deployment.ts';
import { givenDeployed } from './deployed.ts';
import { liveThrough } from './outage-world.ts';
import { PROVIDERS } from './providers.ts';

// The tests simulate hours of the stack's time, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const KEYS = PROVIDERS.map(({ key }) => key);
const routes = [{ class: 'login-codes', expiresAfterSeconds: 600 }];
const deployed = givenDeployed({ providers: PROVIDERS, routes });
const suspended = {
  outcome: { kind: 'unavailable', blames: 'account', reason: 'account-suspended' },
  takesMs: 50,
  health: { state: 'account-refused', reason: 'account-suspended' },
} as const;
const codes = (waitedMs: number) => ({ classMail: { class: 'login-codes', expiresAfterSeconds: 600, waitedMs } });
const nothing = { providers: PROVIDERS, everyMs: 30_000, minutes: 15, recovery: 0 };
const outage = { ...nothing, faulty: [{ keys: KEYS, situation: suspended }] };

test('mail that circulates without waiting raises an alarm, which ends with the loop; mail that waits does not', async () => {
  // This test sends few mails, since without long waits each mail makes a round of attempts every two seconds.
  const few = { ...outage, everyMs: 60_000 };
  const waiting = await liveThrough(few, deployed);
  const hasty = await liveThrough({ ...few, longestDelayMs: 2_000, recovery: 45 }, deployed);

  expect(waiting.raised).not.toContain('Mailover/SenderRunaway');
  expect(hasty.raised).toContain('Mailover/SenderRunaway');
  expect(hasty.afterwards).not.toContain('Mailover/SenderRunaway');
});

test('mail of a class with an expiry that waits for a tenth of it raises an alarm, wherever it waits', async () => {
  const quick = await liveThrough({ ...nothing, ...codes(55_000) }, deployed);
  const backlog = await liveThrough({ ...nothing, ...codes(65_000) }, deployed);
  const rounds = await liveThrough({ ...outage, ...codes(0), recovery: 45 }, deployed);

  expect(quick.raised).toEqual([]);
  expect(backlog.raised).toEqual(['Mailover/login-codes/ClassWaits']);
  expect(rounds.raised).toContain('Mailover/login-codes/ClassWaits');
  expect(rounds.afterwards).not.toContain('Mailover/login-codes/ClassWaits');
});

test('each class with an expiry has one series and one alarm, at a tenth of its time; a class without one has none', () => {
  const { template } = deploy({ providers: PROVIDERS, routes: [...routes, { class: 'news', onUnknown: 'hold' }] });
  const alarms = Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
  const found = alarms.filter(({ AlarmName }) => String(AlarmName).endsWith('/ClassWaits'));

  expect(found).toMatchObject([
    {
      AlarmName: 'Mailover/login-codes/ClassWaits',
      MetricName: 'ClassWait',
      Dimensions: [{ Name: 'class', Value: 'login-codes' }],
      Threshold: 60,
    },
  ]);
});

test('ten classes may have an expiry, and not eleven', () => {
  const classes = (count: number) =>
    Array.from({ length: count }, (_, place) => ({ class: `class-${place}`, expiresAfterSeconds: 600 }));

  expect(() => deploy({ routes: [...classes(10), { class: 'news' }] })).not.toThrow();
  expect(() => deploy({ routes: classes(11) })).toThrow(
    /routes: given 11 classes with expiresAfterSeconds; at most 10 classes may have it/,
  );
  expect(() => deploy({ routes: [{ class: 'größer', expiresAfterSeconds: 600 }] })).toThrow(/must be printable ASCII/);
});
