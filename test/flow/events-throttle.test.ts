import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mailBy } from '../support/mail-by.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';
import { missingOnQueue, postEvents, quantile } from '../support/posted-events.ts';

/** `eventsRate` of the app, and seconds for which ten times as many events are offered. */
const RATE = 20;
const SECONDS = 3;
/** Mails sent and received before the flood, and again during it. */
const MAILS = 6;
const PATIENCE = { timeout: 60_000, interval: 50 };

let open: OpenStack;

beforeAll(async () => {
  open = await openStack({ app: 'test/flow/apps/events-rate.ts' });
}, 120_000);

afterAll(async () => {
  await open?.close();
});

it('at ten times eventsRate the excess is answered 429 and posted again, and mail goes out and comes in as before', {
  timeout: 240_000,
}, async () => {
  const { info } = open.stack;
  const before = { sent: await timeOf(MAILS, send), received: await timeOf(MAILS, receive) };
  const ids = Array.from({ length: 10 * RATE * SECONDS }, () => randomUUID());
  const begun = performance.now();

  const posted = postEvents(info, ids, 10 * RATE);
  const bounces = Array.from({ length: MAILS }, (_, n) =>
    mailBy('postmark', `bounce-${n}`, `bounce+${n}@simulator.amazonses.com`),
  );
  await open.send(bounces);
  const during = { sent: await timeOf(MAILS, send), received: await timeOf(MAILS, receive) };
  const { refused } = await posted;
  const seconds = (performance.now() - begun) / 1_000;

  const refusals = refused.get(429) ?? 0;
  console.log(
    `${ids.length} events taken in ${seconds.toFixed(1)} s, answers 429: ${refusals}; median to send ${before.sent} ms, ` +
      `during the flood ${during.sent} ms; to receive ${before.received} ms, ${during.received} ms; load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  // The bucket was full at the start, and was refilled at the rate.
  expect(ids.length / seconds).toBeLessThanOrEqual((2 * RATE) / seconds + RATE * 1.05);
  expect(refusals).toBeGreaterThan(ids.length / 2);
  expect([...refused.keys()].filter((status) => status !== 429)).toEqual([]);
  expect(during.sent).toBeLessThan(3 * before.sent + 1_000);
  expect(during.received).toBeLessThan(3 * before.received + 1_000);
  // The simulated providers were refused too: the filter of the access log counts their requests and those of the test.
  expect(await turnedAway()).toBeGreaterThan(refusals);

  // Their retries come after minutes.
  await open.api('PUT', '/api/time', { scale: 60 });
  const expected = bounces.map(({ id }) => id);
  await expect.poll(() => bounced(expected), { timeout: 90_000, interval: 500 }).toEqual(expected);
  expect(await missingOnQueue(info, ids)).toEqual([]);
});

let count = 0;

/** Time until a mail is accepted. */
async function send(): Promise<void> {
  const id = `timed-${++count}`;
  await open.send([mailBy('postmark', id, 'ada@example.org')]);
  await expect.poll(() => open.api('GET', `/api/submissions/${id}`), PATIENCE).toMatchObject({ state: 'accepted' });
}

/** Time until a received mail is taken. */
async function receive(): Promise<void> {
  const raw = `Message-ID: <${randomUUID()}@example.com>\r\nFrom: ada@example.com\r\nSubject: x\r\n\r\nhello\r\n`;
  const given = { raw: Buffer.from(raw).toString('base64'), from: 'ada@example.com', to: ['box@in.example.com'] };
  const [taken] = (await open.api('POST', '/api/providers/mailgun/inbound', given)) as { id: string }[];
  const statuses = async () =>
    ((await open.api('GET', '/api/providers/mailgun/inbound')) as { id: string; status: string }[]).find(
      ({ id }) => id === taken?.id,
    );
  await expect.poll(statuses, PATIENCE).toMatchObject({ status: 'processed' });
}

/** Median duration of several runs, in milliseconds. */
async function timeOf(runs: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < runs; n += 1) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.5);
}

/** Those of the submissions whose record has a bounce. */
async function bounced(ids: readonly string[]): Promise<string[]> {
  const records = await Promise.all(
    ids.map(async (id) => ({ id, record: JSON.stringify(await open.api('GET', `/api/submissions/${id}`)) })),
  );
  return records.filter(({ record }) => record.includes('"bounced"')).map(({ id }) => id);
}

/** Sum of the metric of requests that the API answered in place of the events function. */
async function turnedAway(): Promise<number> {
  const metrics = (await open.api('GET', '/api/metrics')) as { name: string; points: { sum: number }[] }[];
  return metrics
    .filter(({ name }) => name === 'EventsTurnedAway')
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + point.sum, 0);
}
