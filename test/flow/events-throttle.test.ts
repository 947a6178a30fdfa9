import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mailBy } from '../support/mail-by.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';
import { missingOnQueue, postEvents, quantile } from '../support/posted-events.ts';

/**
 * `eventsRate` of the app: the number of events that the HTTP API admits in a second. The test posts ten times as many events,
 * for `SECONDS` seconds.
 */
const RATE = 20;
const SECONDS = 3;
/**
 * The test sends this number of mails and receives this number, first without other traffic, and again while it posts the events.
 */
const MAILS = 6;
const PATIENCE = { timeout: 60_000, interval: 50 };

let open: OpenStack;

beforeAll(async () => {
  open = await openStack({ app: 'test/flow/apps/events-rate.ts' });
}, 120_000);

afterAll(async () => {
  await open?.close();
});

it('at ten times eventsRate, excess events are answered 429 and posted again, and mail is sent and received as before', {
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
      `while events are posted ${during.sent} ms; to receive ${before.received} ms, ${during.received} ms; load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  // The rate limiter of the HTTP API is a token bucket. It was full at the start, and is refilled with `RATE` tokens a second.
  expect(ids.length / seconds).toBeLessThanOrEqual((2 * RATE) / seconds + RATE * 1.05);
  expect(refusals).toBeGreaterThan(ids.length / 2);
  expect([...refused.keys()].filter((status) => status !== 429)).toEqual([]);
  expect(during.sent).toBeLessThan(3 * before.sent + 1_000);
  expect(during.received).toBeLessThan(3 * before.received + 1_000);
  // The API also refused events of the simulated providers. The metric is counted from the access log of the API, so it includes
  // these requests in addition to those of the test.
  expect(await turnedAway()).toBeGreaterThan(refusals);

  // The simulated providers post a refused event again only after some minutes, so time in the local stack runs faster from here
  // on.
  await open.api('PUT', '/api/time', { scale: 60 });
  const expected = bounces.map(({ id }) => id);
  await expect.poll(() => bounced(expected), { timeout: 90_000, interval: 500 }).toEqual(expected);
  expect(await missingOnQueue(info, ids)).toEqual([]);
});

let count = 0;

/** Sends a mail, and waits until a provider has accepted it. */
async function send(): Promise<void> {
  const id = `timed-${++count}`;
  await open.send([mailBy('postmark', id, 'ada@example.org')]);
  await expect.poll(() => open.api('GET', `/api/submissions/${id}`), PATIENCE).toMatchObject({ state: 'accepted' });
}

/** Makes a simulated provider receive a mail, and waits until the inbound function has processed the mail. */
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

/** Runs `run` several times; returns the median duration in milliseconds. */
async function timeOf(runs: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < runs; n += 1) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.5);
}

/** Returns the ids of those submissions whose record contains a bounce. */
async function bounced(ids: readonly string[]): Promise<string[]> {
  const records = await Promise.all(
    ids.map(async (id) => ({ id, record: JSON.stringify(await open.api('GET', `/api/submissions/${id}`)) })),
  );
  return records.filter(({ record }) => record.includes('"bounced"')).map(({ id }) => id);
}

/**
 * Returns the value of the metric `EventsTurnedAway`: the number of requests that the HTTP API refused before they reached the
 * events function.
 */
async function turnedAway(): Promise<number> {
  const metrics = (await open.api('GET', '/api/metrics')) as { name: string; points: { sum: number }[] }[];
  return metrics
    .filter(({ name }) => name === 'EventsTurnedAway')
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + point.sum, 0);
}
