import { expect, test } from 'vitest';
import { classGuard } from '../../../lambda/reputation/class-guard.ts';
import { readHour } from '../../../lambda/reputation/hours.ts';
import { pauseClasses, readPaused, resumeClass } from '../../../lambda/reputation/paused-classes.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const HOUR = 3_600_000;
const START = 500_000 * HOUR;
const PAUSE = { of: 'bounces', rate: 0.1, mails: 500, since: START } as const;

function given({ exempt = [] as string[] } = {}) {
  const table = memoryTable();
  const world = { now: START, fault: () => {}, reads: 0 };
  const lists = memoryLists(() => world.fault());
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const clock = { now: () => world.now, sleep: () => new Promise<void>(() => {}) };
  const counting = {
    get: (pk: string) => {
      world.reads += 1;
      return table.get(pk);
    },
  };
  const guardOf = (process: string) =>
    classGuard({ table: counting, lists, process, exempt: new Set(exempt), clock, log } as never);
  return Object.assign(world, {
    table,
    lists,
    guardOf,
    guard: guardOf('one'),
    pause: (...names: string[]) => pauseClasses(table, () => new Map(names.map((name) => [name, PAUSE]))),
    mails: async (name: string, hour = 500_000) => (await readHour(lists, hour)).get(name)?.get('')?.mails ?? 0,
  });
}

test('a paused class waits, others do not, and all workers know within ten seconds', async () => {
  const world = given();
  expect(await world.guard.isPaused('news')).toBe(false);
  await world.pause('news');
  world.now += 10_000;

  expect([await world.guard.isPaused('news'), await world.guard.isPaused('receipts')]).toEqual([true, false]);
  await resumeClass(world.table, 'news', { who: 'ada', now: world.now, hour: 500_000 });
  world.now += 10_000;
  expect(await world.guard.isPaused('news')).toBe(false);
});

test('the mails of a first batch wait for one read of the table', async () => {
  const world = given();
  await world.pause('news');

  const answers = await Promise.all(Array.from({ length: 10 }, () => world.guard.isPaused('news')));

  expect(answers).toEqual(new Array(10).fill(true));
  expect(world.reads).toBe(1);
});

test('a class that never pauses is neither asked about nor counted', async () => {
  const world = given({ exempt: ['resets'] });
  await world.pause('resets');
  world.guard.count('resets', 5);
  await world.guard.report();

  expect(await world.guard.isPaused('resets')).toBe(false);
  expect([world.reads, world.lists.items.size]).toEqual([0, 0]);
});

test('while the table does not answer, the last read decides; before the first read no class is paused', async () => {
  const world = given();
  world.table.behavior = 'fail';
  expect(await world.guard.isPaused('news')).toBe(false);
  world.table.behavior = 'work';
  await world.pause('news');
  world.now += 10_000;
  expect(await world.guard.isPaused('news')).toBe(true);
  world.table.behavior = 'fail';
  world.now += 10_000;

  expect(await world.guard.isPaused('news')).toBe(true);
});

test('counts of several processes add up to all mail, or a tenth less, with far fewer writes than mails', async () => {
  const world = given();
  let writes = 0;
  world.fault = () => {
    writes += 1;
  };
  const guards = ['one', 'two', 'three'].map(world.guardOf);
  for (let mail = 0; mail < 3_000; mail += 1) {
    const guard = guards[mail % 3];
    guard?.count('news', 1);
    await guard?.report();
  }

  const counted = await world.mails('news');
  expect(counted).toBeLessThanOrEqual(3_000);
  expect(counted).toBeGreaterThan(3_000 / 1.1);
  expect(writes).toBeLessThan(200);
});

test('what was left out of an hour is written in the next one, to the hour it belongs to', async () => {
  const world = given();
  world.guard.count('news', 100);
  await world.guard.report();
  world.guard.count('news', 5);
  await world.guard.report();
  expect(await world.mails('news')).toBe(100);

  world.now += HOUR;
  world.guard.count('news', 1);
  await world.guard.report();
  expect([await world.mails('news'), await world.mails('news', 500_001)]).toEqual([105, 1]);
});

test('a count that could not be written is written with the next one', async () => {
  const world = given();
  world.guard.count('news', 3);
  world.fault = () => {
    throw new Error('the table does not answer');
  };
  await world.guard.report();
  world.fault = () => {};
  await world.guard.report();

  expect(await world.mails('news')).toBe(3);
});

test('a class is paused once, and released once', async () => {
  const world = given();
  await world.pause('news', 'constructor');
  await pauseClasses(world.table, ({ paused }) =>
    Object.hasOwn(paused, 'news') ? new Map() : new Map([['news', { ...PAUSE, since: 1 }]]),
  );
  expect(await readPaused(world.table)).toMatchObject({ paused: { news: PAUSE, constructor: PAUSE }, resumed: {} });
  const release = (name: string) => resumeClass(world.table, name, { who: 'ada', now: 7, hour: 500_000 });

  expect([await release('news'), await release('news'), await release('toString')]).toEqual([
    PAUSE,
    undefined,
    undefined,
  ]);
  expect(await readPaused(world.table)).toEqual({
    paused: { constructor: PAUSE },
    resumed: { news: { hour: 500_001, at: 7, who: 'ada' } },
  });
});
