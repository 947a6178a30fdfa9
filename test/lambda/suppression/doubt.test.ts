import { expect, test } from 'vitest';
import { isFarBeyond, suppressionDoubt } from '../../../lambda/suppression/doubt.ts';
import { placeOf } from '../../../lambda/tally/counts.ts';
import { tallyItem } from '../../../lambda/tally/items.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const HEALTHY = { suppressed: 20, accepted: 2_000 };

test.each([
  ['a rate like that of the others', { suppressed: 30, accepted: 3_000 }, false],
  ['four times the others, of old addresses', { suppressed: 80, accepted: 1_000 }, false],
  ['far more than the others', { suppressed: 300, accepted: 1_000 }, true],
  ['each mail', { suppressed: 50, accepted: 50 }, true],
  ['few, though all of its mail', { suppressed: 19, accepted: 19 }, false],
])('%s', (_, ofProvider, doubted) => {
  expect(isFarBeyond(ofProvider, [HEALTHY])).toBe(doubted);
});

test('without others to compare with, only a quarter of the mail is beyond', () => {
  expect(isFarBeyond({ suppressed: 40, accepted: 200 }, [])).toBe(false);
  expect(isFarBeyond({ suppressed: 60, accepted: 200 }, [])).toBe(true);
});

async function givenDay(accepted: Readonly<Record<string, number>>) {
  const world = { now: Date.UTC(2026, 10, 29, 12) };
  const [table, lists] = [memoryTable(), memoryLists()];
  const { hour } = placeOf(world.now);
  const counts = Object.fromEntries(Object.entries(accepted).map(([key, n]) => [`ok/${key}/0`, n]));
  await table.write(tallyItem(hour, undefined, { counts, newest: {}, doubted: [] }, world.now), undefined);
  const providers = [
    { key: 'mailgun', type: 'mailgun' },
    { key: 'ses-1', type: 'ses' },
    { key: 'ses-2', type: 'ses' },
  ];
  const doubt = suppressionDoubt({ providers, lists, table, clock: { now: () => world.now } });
  const suppress = async (provider: string, number: number, apartMs = 15_000) => {
    let last = false;
    for (let n = 0; n < number; n += 1) {
      last = await doubt.count(provider, `hash-${n}`);
      world.now += apartMs;
    }
    return last;
  };
  return Object.assign(world, { doubt, suppress });
}

test('a provider that bounces its mail is doubted, the others are not, and the doubt ends after a day', async () => {
  const { doubt, suppress, ...rest } = await givenDay({ mailgun: 100, 'ses-1': 1_000 });
  const world = rest;
  expect(await suppress('ses-1', 15)).toBe(false);
  expect(await suppress('mailgun', 40)).toBe(true);
  expect(await doubt.isDoubted('ses-1')).toBe(false);
  expect(world.now).toBeGreaterThan(0);
});

test('a provider that reports all of its mail within a second is doubted before most of it is suppressed', async () => {
  const { suppress } = await givenDay({ mailgun: 100, 'ses-1': 1_000 });

  expect(await suppress('mailgun', 19, 1)).toBe(false);
  expect(await suppress('mailgun', 30, 1)).toBe(true);
});

test('the same address counts once', async () => {
  const { suppress } = await givenDay({ mailgun: 20, 'ses-1': 1_000 });
  await suppress('mailgun', 15);

  expect(await suppress('mailgun', 15)).toBe(false);
});

test('an import is compared with the mail of the provider, together with the reports of the day', async () => {
  const { doubt, suppress } = await givenDay({ mailgun: 1_000, 'ses-1': 1_000 });

  expect(await doubt.doubtsImport('mailgun', 90)).toBe(false);
  expect(await doubt.doubtsImport('mailgun', 110)).toBe(true);
  await suppress('mailgun', 30);
  expect(await doubt.doubtsImport('mailgun', 90)).toBe(true);
  // Fewer than 50 new entries of a provider are always trusted, however little mail the provider has had.
  expect(await doubt.doubtsImport('ses-2', 49)).toBe(false);
  expect(await doubt.doubtsImport('ses-2', 50)).toBe(true);
});
