import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** At this time scale, a minute of the local stack takes one second. The health check runs every minute. */
const TIME_SCALE = 60;

/** Answers with which each vendor refuses a closed account, both when mail is sent and in a health check. */
const SUSPENDED: Readonly<Record<string, object>> = {
  postmark: { respond: { status: 422, body: '{"ErrorCode":413,"Message":"Account may not send."}' } },
  mailgun: { respond: { status: 403, body: '{"message":"Domain x is not allowed to send: Account disabled"}' } },
  ses: { respond: { status: 400, headers: { 'x-amzn-errortype': 'AccountSuspendedException' }, body: '{}' } },
  'own-mta': { smtp: { stage: 'auth', reply: '535 5.7.8 account closed' } },
};

const KEYS = Object.keys(SUSPENDED);

let stack: RunningStack;

beforeAll(async () => {
  stack = await givenStack(TIME_SCALE);
}, 60_000);

afterEach(() => stack.repairAll());
afterAll(() => stack.close());

describe('the health check of the local stack, without any traffic', () => {
  it('finds all accounts healthy, and all circuits closed', { timeout: 30_000 }, async () => {
    await expect.poll(() => latest('AccountHealthy'), PATIENCE).toEqual(all(1));

    expect(await latest('CircuitState')).toEqual(all(0));
    expect(await latest('OperatorSwitch')).toEqual({ '': 0 });
    expect(Object.keys(await latest('QuotaHeadroom'))).toEqual(['ses']);
  });

  it.each(KEYS)(
    'reports only the account of %s as closed, and later as open again',
    { timeout: 30_000 },
    async (key) => {
      await stack.breakProvider(key, { ...SUSPENDED[key], on: 'all' });
      await expect.poll(() => latest('AccountHealthy'), PATIENCE).toEqual({ ...all(1), [key]: 0 });

      await stack.repairAll();
      await expect.poll(() => latest('AccountHealthy'), PATIENCE).toEqual(all(1));
    },
  );

  it('reports nothing for an account while its provider does not answer', { timeout: 30_000 }, async () => {
    for (const key of KEYS) await stack.breakProvider(key, { network: 'reset', on: 'all' });
    // Waits for two runs of the health check. Some requests of the first run may have begun before the faults were set.
    await nextRuns(2);

    const before = await samples('AccountHealthy');
    await nextRuns(3);

    expect(await samples('AccountHealthy')).toEqual(before);
  });
});

const PATIENCE = { timeout: 15_000, interval: 200 };

function all(value: number): Record<string, number> {
  return Object.fromEntries(KEYS.map((key) => [key, value]));
}

interface MetricEntry {
  readonly name: string;
  readonly dimensions: { readonly provider?: string };
  readonly points: readonly { readonly max: number; readonly count: number }[];
}

async function gauges(name: string): Promise<MetricEntry[]> {
  const response = await fetch(new URL('/api/metrics', stack.url));
  return ((await response.json()) as MetricEntry[]).filter((entry) => entry.name === name);
}

/** Returns the last value of a gauge metric for each provider. */
async function latest(name: string): Promise<Record<string, number>> {
  const entries = await gauges(name);
  return Object.fromEntries(
    entries.map(({ dimensions: { provider = '' }, points }) => [provider, points.at(-1)?.max ?? Number.NaN]),
  );
}

/** Returns for each provider the number of values of a gauge metric that were recorded so far. */
async function samples(name: string): Promise<Record<string, number>> {
  const entries = await gauges(name);
  return Object.fromEntries(
    entries.map(({ dimensions: { provider = '' }, points }) => [
      provider,
      points.reduce((sum, { count }) => sum + count, 0),
    ]),
  );
}

/** Waits until the health check has run `count` more times. */
async function nextRuns(count: number): Promise<void> {
  const before = (await samples('OperatorSwitch'))[''] ?? 0;
  await expect.poll(async () => (await samples('OperatorSwitch'))[''], PATIENCE).toBeGreaterThanOrEqual(before + count);
}
