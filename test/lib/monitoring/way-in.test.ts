import { expect, test, vi } from 'vitest';
import { canaryItem, canaryKey, readCanary } from '../../../lambda/canary/canary.ts';
import { METRICS } from '../../../lambda/contract/metrics.ts';
import { sendCanaries } from '../../../lambda/health/canaries.ts';
import type { Metrics } from '../../../lambda/platform/metrics.ts';
import type { Arrival } from '../../../lambda/webhook/authenticate.ts';
import { compileAlarms, type Statuses } from '../../../local/cloudwatch/alarms/evaluate.ts';
import { MetricStore } from '../../../local/cloudwatch/metrics/store.ts';
import {
  fromMailgun,
  fromSendgrid,
  givenWorld as givenEvents,
  mailgunEvent,
  sendgridEvent,
} from '../../lambda/events/world.ts';
import { givenWorld, mailgunMail, mailgunRequest, NOW } from '../../lambda/inbound/world.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { givenDeployed } from './deployed.ts';
import { EVERYTHING } from './everything.ts';

vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const EVERY_MINUTES = 15;
const { alarms } = givenDeployed({ providers: EVERYTHING });

/** Creates the alarms with these names, and functions that write their metrics and evaluate the alarms. */
function watch(titles: readonly string[]) {
  const store = new MetricStore();
  const compiled = compileAlarms(alarms.filter(({ name }) => titles.includes(name.split('/').at(-1) ?? '')));
  let statuses: Statuses = new Map();
  const measure =
    (now: () => number): Metrics['add'] =>
    (name, value, given = {}) => {
      const dimensions = Object.fromEntries(METRICS[name].by.map((by) => [by, given[by] ?? 'none']));
      store.add({ metric: { namespace: 'Mailover', name, dimensions }, at: now(), values: [value] });
    };
  return {
    measure,
    /** Evaluates the alarms at the end of a minute. Returns the names of the raised alarms. */
    raisedAt: (end: number): string[] => {
      statuses = compiled.evaluate(store, end, statuses);
      return [...statuses.values()].flatMap(({ name, state }) => (state === 'ALARM' ? name : []));
    },
  };
}

test.each([
  ['canaries to a subdomain with one MX', 'in', 'mailgun', 'MxCanaryMissing'],
  ['canaries over a provider', 'out', 'ses', 'CanaryMissing'],
] as const)(
  '%s that do not arrive, or hours late, raise one alarm, which ends when they do',
  async (_, way, key, title) => {
    const { raisedAt, measure } = watch(['CanaryMissing', 'MxCanaryMissing']);
    const table = memoryTable();
    const config = { to: 'canary@in.example.com', everyMinutes: EVERY_MINUTES };
    let now = NOW;
    const context = {
      providers: way === 'out' ? EVERYTHING.map((one) => (one.key === key ? { ...one, canary: config } : one)) : [],
      inboundCanaries: way === 'in' ? [{ key, canary: config }] : [],
      queue: { send: async () => {} },
      outboundQueueUrl: 'outbound',
      proofs: { prove: async () => ({ Proof: 'x' }), holds: async () => true },
      table,
      metrics: { add: measure(() => now) },
      log: { info() {}, warn() {}, error() {} },
      clock: { now: () => now, sleep: async () => {} },
      timeScale: 1,
    };
    /** Simulates a number of minutes. Each canary (test mail) arrives `delay` minutes after it was sent. */
    const live = async (minutes: number, delay: number): Promise<string[]> => {
      const raised = new Set<string>();
      for (const end = now + minutes * MINUTE; now < end; now += MINUTE) {
        await sendCanaries(context);
        const pk = canaryKey({ way, provider: key });
        const item = table.items.get(pk);
        const { sentAt = 0 } = readCanary(item);
        if (now - sentAt >= delay * MINUTE)
          await table.write(canaryItem({ way, provider: key }, item, { newestBack: sentAt }), item?.rev);
        for (const name of raisedAt(now + MINUTE)) raised.add(name);
      }
      return [...raised];
    };

    expect(await live(120, 2)).toEqual([]);
    expect(await live(45, Number.POSITIVE_INFINITY)).toEqual([`Mailover/${key}/${title}`]);
    await live(30, 2);
    expect(raisedAt(now)).toEqual([]);
  },
);

test('a mail that two providers report raises an alarm, which ends', async () => {
  const { raisedAt, measure } = watch(['SentTwice']);
  const world = givenEvents();
  const measured = measure(() => world.now);
  const report = async (request: Arrival) => {
    const before = world.metrics.length;
    expect((await world.post(request)).status).toBe(200);
    if (world.metrics.slice(before).includes('SentTwice unexpected'))
      measured('SentTwice', 1, { outcome: 'unexpected' });
    world.now += MINUTE;
    return raisedAt(world.now);
  };

  expect(await report(fromMailgun(mailgunEvent('m-1'), { at: world.now }))).toEqual([]);
  expect(await report(fromMailgun(mailgunEvent('m-2'), { at: world.now }))).toEqual([]);
  expect(await report(fromSendgrid([sendgridEvent('s-1')], { at: world.now }))).toEqual(['Mailover/SentTwice']);

  world.now += 30 * MINUTE;
  expect(raisedAt(world.now)).toEqual([]);
});

test('three mails within an hour with the Message-ID of another mail raise an alarm, which ends after the hour; copies do not', async () => {
  const { raisedAt, measure } = watch(['InboundIdReused']);
  const world = givenWorld();
  const mail = (subject: string) =>
    mailgunMail({
      subject,
      'message-headers': JSON.stringify([
        ['From', 'ada@example.org'],
        ['Subject', subject],
        ['Message-Id', '<one@example.com>'],
      ]),
    });
  const seen = new Set<string>();
  const measured = measure(() => world.now);
  const receive = async (subject: string) => {
    const before = world.metrics.length;
    expect((await world.receive(mailgunRequest(mail(subject), { at: world.now }))).status).toBe(200);
    for (const { name, value } of world.metrics.slice(before))
      if (name === 'InboundIdReused') measured(name, value, { provider: 'mailgun' });
    world.now += 10 * MINUTE;
    for (const name of raisedAt(world.now)) seen.add(name);
  };

  for (const subject of ['Invoice', 'Invoice', 'Invoice', 'Invoice', 'Invoice 2', 'Invoice 3']) await receive(subject);
  expect([...seen]).toEqual([]);
  await receive('Invoice 4');
  expect([...seen]).toEqual(['Mailover/mailgun/InboundIdReused']);

  world.now += 70 * MINUTE;
  expect(raisedAt(world.now)).toEqual([]);
});
