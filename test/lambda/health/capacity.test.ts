import { expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { capacityGauge } from '../../../lambda/health/capacity.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Health } from '../../../lambda/providers/provider.ts';
import { placeOf } from '../../../lambda/tally/counts.ts';
import { tallyItem } from '../../../lambda/tally/items.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const POSTMARK: ProviderConfig = { key: 'pm', type: 'postmark', options: {} };
const MAILGUN: ProviderConfig = { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } };
const SES: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const HOUR = 3_600_000;

/**
 * Creates a check of the providers' capacity. `told` has the daily limit that each provider reports, by key. `accepted` has the
 * number of accepted recipients, by how many hours ago they were accepted.
 */
function given(
  providers: readonly ProviderConfig[],
  accepted: Record<number, number>,
  told: Record<string, number> = {},
) {
  const clock = manualClock();
  const table = memoryTable();
  const { hour } = placeOf(clock.now());
  for (const [back, count] of Object.entries(accepted)) {
    // Each of two providers accepted half of the recipients. The check must not count refused recipients.
    const counts = { 'ok/pm/3': count / 2, 'ok/gone/7': count / 2, 'no/pm/3': 50, 'in/1': 900 };
    const item = tallyItem(hour - Number(back), undefined, { counts, newest: {}, doubted: [] }, clock.now());
    table.items.set(item.pk, { ...item, rev: 1 });
  }
  const values: number[] = [];
  const lines: object[] = [];
  const line = (message: string, fields: object) => lines.push({ message, ...fields });
  const gauge = capacityGauge({
    providers,
    table,
    metrics: { add: (name, value) => values.push(name === 'SpareCapacity' ? value : Number.NaN) },
    log: { info: line, warn: line, error: line },
    clock,
    timeScale: 1,
  });
  const capacities: Record<string, number> = { ...told };
  const check = async () => {
    values.splice(0);
    await gauge(
      providers.map(({ key }): Health => {
        const capacityPerDay = capacities[key];
        return { state: 'healthy', ...defined({ capacityPerDay }) };
      }),
    );
    return values.slice();
  };
  return { check, clock, table, lines, capacities };
}

it('is the capacity without the provider that is hardest to replace, divided by the recipients of the busiest day', async () => {
  const providers = [{ ...POSTMARK, capacityPerDay: 4_000 }, { ...MAILGUN, capacityPerDay: 1_000 }, SES];
  const { check, lines } = given(providers, { 0: 100, 5: 900, 24: 1_000, 100: 1_500 }, { ses: 500 });

  // From 5 to 24 hours ago 1,900 recipients were accepted. This is more than the 1,500 of the single hour 100 hours ago, and more
  // than in the last day.
  expect(await check()).toEqual([1_500 / 1_900]);
  expect(lines).toEqual([{ message: 'capacity short', provider: 'pm', others: 1_500, peak: 1_900 }]);
});

it('has no value while a remaining provider has no limit, or has not reported its limit yet', async () => {
  const limited = { ...POSTMARK, capacityPerDay: 10 };
  const { check, capacities } = given([limited, { ...MAILGUN, capacityPerDay: 10 }, SES], { 3: 1_000 });

  expect(await given([limited, MAILGUN, { ...SES, capacityPerDay: 5 }], { 3: 1_000 }).check()).toEqual([0.015]);
  expect(await given([limited, MAILGUN, POSTMARK], { 3: 1_000 }).check()).toEqual([]);
  expect(await check()).toEqual([]);
  capacities['ses'] = 980;
  expect(await check()).toEqual([0.02]);
  capacities['ses'] = Number.POSITIVE_INFINITY;
  expect(await check()).toEqual([0.02]);
});

it('uses the last reported quota while a provider reports none, and a higher quota immediately', async () => {
  const { check, capacities } = given([{ ...POSTMARK, capacityPerDay: 5_000 }, SES], { 2: 1_000 }, { ses: 500 });

  expect(await check()).toEqual([0.5]);
  delete capacities['ses'];
  expect(await check()).toEqual([0.5]);
  capacities['ses'] = 2_000;
  expect(await check()).toEqual([2]);
});

it('takes the least of option, quota and rate, and nothing of a provider for some classes', async () => {
  const others = (...more: ProviderConfig[]) =>
    given([{ ...POSTMARK, capacityPerDay: 1e6 }, ...more], { 2: 1_000 }, { ses: 500 }).check();

  expect(await others({ ...SES, capacityPerDay: 400 })).toEqual([0.4]);
  expect(await others({ ...SES, capacityPerDay: 900 })).toEqual([0.5]);
  expect(await others({ ...MAILGUN, maxPerSecond: 0.01 })).toEqual([0.864]);
  expect(await others({ ...SES, classes: ['news'] })).toEqual([0]);
});

it('has no value for a single provider, which nothing could replace, nor before any mail', async () => {
  expect(await given([{ ...POSTMARK, capacityPerDay: 1 }], { 2: 1_000 }).check()).toEqual([]);
  expect(await given([POSTMARK, SES], {}, { ses: 500 }).check()).toEqual([]);
});

it('reads the week once an hour, and forgets a day that is a week ago', async () => {
  const { check, clock, table, lines } = given([POSTMARK, { ...MAILGUN, capacityPerDay: 500 }], { 167: 1_000, 1: 100 });

  expect(await check()).toEqual([0.5]);
  table.items.clear();
  await clock.pass(HOUR / 2);
  await clock.pass(HOUR / 4);
  expect(await check()).toEqual([0.5]);
  expect(lines).toHaveLength(1);
  await clock.pass(HOUR);
  expect(await check()).toEqual([]);

  const later = given([POSTMARK, { ...MAILGUN, capacityPerDay: 500 }], { 168: 1_000, 1: 100 });
  expect(await later.check()).toEqual([5]);
});

it('says that the table did not answer, and tries again in the next minute', async () => {
  const { check, table, lines } = given([POSTMARK, { ...MAILGUN, capacityPerDay: 500 }], { 1: 100 });
  const { getAll } = table;
  table.getAll = () => Promise.reject(new Error('no answer'));

  expect(await check()).toEqual([]);
  table.getAll = getAll;
  expect(await check()).toEqual([5]);
  expect(lines).toEqual([{ message: 'tallies not readable', error: 'Error' }]);
});
