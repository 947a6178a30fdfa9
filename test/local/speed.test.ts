import { expect, it } from 'vitest';
import { stackAge, stackTime } from '../../lambda/platform/stack-time.ts';
import { StackClock } from '../../local/clock.ts';
import { SimulatedList } from '../../local/simulators/events/provider-list.ts';
import { MailgunEvents } from '../../local/simulators/mailgun/events.ts';

const SECOND = 1_000;

it('a wait of stack time that has begun takes the new speed into account', async () => {
  const clock = new StackClock(1);
  const { signal } = new AbortController();
  const begun = Date.now();
  const hour = clock.sleep(3_600 * SECOND, signal);

  clock.setScale(60_000);

  await hour;
  expect(Date.now() - begun).toBeLessThan(5 * SECOND);
});

it('a wait of stack time ends early, and without an error, when it is aborted', async () => {
  const ending = new AbortController();
  const hour = new StackClock(1).sleep(3_600 * SECOND, ending.signal);

  ending.abort();

  await hour;
});

it('an age counts the time before a change of speed at the old speed, and the time after it at the new speed', () => {
  expect(stackAge(1_000, 3_000, {})).toBe(2_000);
  expect(stackAge(1_000, 3_000, { timeScale: 60 })).toBe(120_000);
  expect(stackAge(1_000, 3_000, { timeScale: 60, timeScaleSince: 2_000 })).toBe(61_000);
  expect(stackAge(2_500, 3_000, { timeScale: 60, timeScaleSince: 2_000 })).toBe(30_000);
  expect(stackAge(4_000, 3_000, { timeScale: 60, timeScaleSince: 2_000 })).toBe(0);
});

it('functions have the stack time of the clock, which does not jump at another speed', () => {
  let now = 1_000_000;
  const clock = new StackClock(60, () => now);
  const seen = () =>
    stackTime(now, { timeScale: clock.scale, timeScaleSince: clock.since.real, stackTimeSince: clock.since.stack });
  now += SECOND;
  expect(seen()).toBe(1_060_000);

  clock.setScale(1);
  expect(seen()).toBe(1_060_000);
  now += SECOND;

  expect([seen(), clock.now()]).toEqual([1_061_000, 1_061_000]);
  expect(stackTime(5_000, {})).toBe(5_000);
});

it('an event that a provider shows some time after a mail is shown sooner if the speed is raised meanwhile', () => {
  let now = 1_000_000;
  const clock = new StackClock(1, () => now);
  const events = new MailgunEvents('mg.example.com', clock, new SimulatedList(), () => {});
  const mail = {
    messageId: 'a',
    from: 'a@example.com',
    to: ['b@example.org'],
    subject: 's',
    size: 1,
    variables: {},
    tags: [],
  };
  events.take(mail);
  const shown = () => {
    const query = new URLSearchParams({ begin: '0', ascending: 'yes' });
    const request = { query, headers: { host: 'x' } } as unknown as Parameters<MailgunEvents['answer']>[0];
    const { items } = events.answer(request, undefined).body as { items: { event: string }[] };
    return items.map(({ event }) => event);
  };
  now += SECOND;
  expect(shown()).toEqual([]);

  clock.setScale(10);
  now += SECOND;

  expect(shown()).toEqual(['accepted', 'delivered']);
});
