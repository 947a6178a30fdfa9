import { randomUUID } from 'node:crypto';
import { availableParallelism, loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { withCpuShare } from '../../bench/deployed/throttle.ts';
import { EVENTS_MEMORY_MB } from '../../lib/configuration/memory.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';
import { missingOnQueue, postEvents, quantile } from '../support/posted-events.ts';

vi.setConfig({ testTimeout: 1_200_000 });

/** Number of events that the test posts. `npm run test:events-full` posts 1,000 events a second for 20 seconds. */
const EVENTS = Number(process.env['MAILOVER_EVENTS'] ?? 200);
// The CDK app of this test reads this variable, and limits the HTTP API to this number of events a second.
process.env['MAILOVER_EVENTS_RATE'] ??= '100';
const RATE = Number(process.env['MAILOVER_EVENTS_RATE']);

/** Megabytes of memory at which Lambda gives a function one whole processor (docs.aws.amazon.com, configuration-memory, 2026-11). */
const PROCESSOR_MB = 1_769;
/** On an idle machine, 99 % of the answers must arrive within this number of milliseconds. On a busy machine, the limit is higher. */
const P99_MS = 1_000;
const othersAtWork = () => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());

let open: OpenStack;

beforeAll(async () => {
  open = await openStack({ app: 'test/flow/apps/events-rate.ts' });
}, 120_000);

afterAll(async () => {
  await open?.close();
});

it(`answers within ${P99_MS} ms with the share of a processor that belongs to its memory`, async () => {
  const { info } = open.stack;
  const { pid = 0 } = info.processes.find(({ function: name }) => name === 'events') ?? {};
  const ids = Array.from({ length: 200 }, () => randomUUID());

  const { tookMs } = await withCpuShare(pid, EVENTS_MEMORY_MB / PROCESSOR_MB, () => postEvents(info, ids));

  // The first request is not measured together with the other requests. It takes longer, since the function then loads data that
  // later requests reuse.
  const [first = 0, ...others] = tookMs;
  const p99 = quantile(others, 0.99);
  console.log(
    `${EVENTS_MEMORY_MB} MB: first ${Math.round(first)} ms, p50 ${quantile(others, 0.5)} ms, p99 ${p99} ms, slowest ${quantile(others, 1)} ms; ` +
      `load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  expect(p99).toBeLessThan(P99_MS * othersAtWork());
  expect(await missingOnQueue(info, ids)).toEqual([]);
});

it(`loses none of ${EVENTS} events at ${RATE} a second, and still sends mail`, async () => {
  const { info } = open.stack;
  const ids = Array.from({ length: EVENTS }, () => randomUUID());
  const begun = performance.now();
  const posted = postEvents(info, ids, RATE);
  const mail = { version: 1, id: 'meanwhile', from: 'a@example.com', to: ['b@example.org'], subject: 'x', text: 'x' };
  await open.send([mail]);
  await expect
    .poll(() => open.api('GET', '/api/submissions/meanwhile'), { timeout: 60_000 })
    .toMatchObject({ state: 'accepted' });
  const mailMs = performance.now() - begun;
  const { tookMs, refused } = await posted;
  const seconds = (performance.now() - begun) / 1_000;

  const missing = await missingOnQueue(info, ids);
  console.log(
    `${EVENTS} events in ${seconds.toFixed(1)} s (${Math.round(EVENTS / seconds)} a second), posts repeated by status: ` +
      `${JSON.stringify(Object.fromEntries(refused))}; p50 ${quantile(tookMs, 0.5)} ms, p99 ${quantile(tookMs, 0.99)} ms; ` +
      `a mail was accepted after ${Math.round(mailMs)} ms; load ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} processors`,
  );
  expect(missing).toEqual([]);
});
