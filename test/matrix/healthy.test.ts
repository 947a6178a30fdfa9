import { expect, test, vi } from 'vitest';
import type { Outcome } from '../../lambda/mail/outcome.ts';
import { givenDeployed } from '../lib/monitoring/deployed.ts';
import { liveThrough, type Outage } from '../lib/monitoring/outage-world.ts';
import { PROVIDERS } from '../lib/monitoring/providers.ts';

// One test simulates several hours, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'id' };
const deployed = givenDeployed({ providers: PROVIDERS });
const slow = (seconds: number) =>
  ({
    keys: ['postmark'],
    situation: { outcome: ACCEPTED, takesMs: seconds * SECOND, health: { state: 'healthy' } },
  }) as const;
const live = async (outage: Pick<Outage, 'everyMs' | 'faulty'> & Partial<Outage>) =>
  await liveThrough({ providers: PROVIDERS, minutes: 120, recovery: 0, ...outage }, deployed);

test.each<[string, Outage['everyMs'], number?]>([
  ['one an hour', HOUR],
  ['one in ten minutes', 10 * MINUTE],
  ['one a minute', MINUTE],
  ['one a second', SECOND],
  ['twenty a second', SECOND / 20, 2],
  // Two hundred mails at the same time, and then no mail for half an hour.
  ['in bursts', burst(200, 30 * MINUTE)],
  // One mail a minute from six in the morning to ten in the evening, and no mail at night.
  ['by day alone', (since) => (since % DAY < 16 * HOUR ? MINUTE : DAY - (since % DAY)), 16 * 60],
])('healthy traffic, %s, raises no alarm', async (_, everyMs = MINUTE, minutes = 120) => {
  const seen = await live({ everyMs, minutes, before: 1 });

  expect(seen.raised).toEqual([]);
  expect(seen.lost).toBeLessThanOrEqual(1);
});

test.each<[number, readonly string[]]>([
  [2, []],
  [4.5, []],
  [5, ['Mailover/postmark/Latency']],
  [9, ['Mailover/postmark/Latency']],
])('a provider that takes %d s for each mail is slow, and nothing else', async (seconds, alarms) => {
  const seen = await live({ everyMs: MINUTE, faulty: [slow(seconds)], minutes: 30 });

  expect(seen.raised).toEqual(alarms);
});

test('a provider that is suddenly slow loses some answers in a minute, and keeps its mail from then on', async () => {
  const seen = await live({ everyMs: SECOND, faulty: [slow(4.5)], minutes: 30 });

  expect(seen.raised).toEqual(['Mailover/postmark/LostAnswers']);
  expect(seen.affected.get('postmark')).toBeGreaterThan(28 * 60);
  expect(seen.lost).toBeLessThanOrEqual(5);
});

test.each([
  ['one of them', 1],
  ['two of them', 2],
  ['all of them', PROVIDERS.length],
])('providers whose rate is used up, %s, raise no alarm', async (_, saturated) => {
  const providers = PROVIDERS.map((one, place) => (place < saturated ? { ...one, maxPerSecond: 0.2 } : one));

  // If all providers have a low rate, fewer mails are sent. Mail that exceeds the sum of the rates by a quarter would cause a
  // backlog, and a backlog is not a healthy state.
  const everyMs = saturated < PROVIDERS.length ? SECOND : 1.5 * SECOND;
  expect((await live({ providers, everyMs, minutes: 60 })).raised).toEqual([]);
});

function burst(size: number, everyMs: number): (since: number) => number {
  let left = size;
  return () => {
    left = left > 1 ? left - 1 : size;
    return left === size ? everyMs : 0;
  };
}
