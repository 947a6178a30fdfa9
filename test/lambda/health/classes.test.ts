import { expect, test } from 'vitest';
import type { RouteConfig } from '../../../lambda/contract/routes.ts';
import { classChecker } from '../../../lambda/health/classes.ts';
import { unwantedNotes, writeAccepted } from '../../../lambda/reputation/hours.ts';
import { readPaused, resumeClass } from '../../../lambda/reputation/paused-classes.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const HOUR = 3_600_000;
const START = 500_000 * HOUR;

function given(pauseAbove?: Readonly<Record<string, RouteConfig['pauseAbove']>>) {
  const world = { now: START, fault: () => {}, queries: 0, doubted: '', asked: 0 };
  const table = memoryTable();
  const lists = memoryLists((operation) => {
    if (operation === 'list') world.queries += 1;
    world.fault();
  });
  const metrics: [string, number][] = [];
  const logged: string[] = [];
  const clock = { now: () => world.now, sleep: () => new Promise<void>(() => {}) };
  const note = unwantedNotes(lists, { clock });
  const checkOf = () =>
    classChecker({
      lists,
      table,
      pauseAbove,
      doubt: {
        isDoubted: async (key: string) => {
          world.asked += 1;
          return key === world.doubted;
        },
      },
      clock,
      timeScale: 1,
      metrics: { add: (name: string, value: number) => void metrics.push([name, value]), flush: async () => {} },
      log: {
        info: () => {},
        warn: (one: string) => void logged.push(one),
        error: (one: string) => void logged.push(one),
      },
    } as never);
  let process = 0;
  return Object.assign(world, {
    table,
    metrics,
    logged,
    check: checkOf(),
    checkOf,
    /** Counts mail, bounces and complaints of a class of mail in the present hour. */
    async mail(name: string, mails: number, { bounces = 0, complaints = 0, provider = 'ses' } = {}) {
      process += 1;
      const hour = Math.floor(world.now / HOUR);
      await writeAccepted(lists, { hour, process: `p${process}`, name, mails }, world.now);
      for (const [type, number] of [
        ['bounced', bounces],
        ['complained', complaints],
      ] as const)
        for (let place = 0; place < number; place += 1)
          await note(
            { type, bounce: 'hard', provider, class: name, submissionId: `${name}-${process}-${place}` } as never,
            `hash-${place}`,
          );
    },
    paused: async () => Object.keys((await readPaused(table)).paused).sort(),
  });
}

test('the class above its limit pauses, and no other one', async () => {
  const world = given();
  await world.mail('news', 1_000, { bounces: 50 });
  await world.mail('offers', 10_000, { complaints: 9 });
  await world.mail('receipts', 1_000, { bounces: 30 });

  await world.check();

  expect(await world.paused()).toEqual(['news', 'offers']);
  expect((await readPaused(world.table)).paused['news']).toEqual({
    of: 'bounces',
    rate: 0.05,
    mails: 1_000,
    since: START,
  });
  expect(world.metrics).toEqual([['PausedClasses', 2]]);
  expect(world.logged).toEqual(['class paused', 'class paused']);
});

test('reports of a provider in doubt pause no class', async () => {
  const world = given();
  world.doubted = 'postmark';
  await world.mail('news', 1_000, { bounces: 400, provider: 'postmark' });
  await world.mail('offers', 1_000, { bounces: 400, provider: 'postmark' });
  await world.mail('offers', 1_000, { bounces: 100, provider: 'ses' });
  await world.check();
  expect(await world.paused()).toEqual(['offers']);

  world.doubted = '';
  await world.check();
  expect(await world.paused()).toEqual(['news', 'offers']);
});

test('doubts are asked about only when a class is above its limit', async () => {
  const world = given();
  await world.mail('news', 1_000, { bounces: 20 });
  await world.check();
  expect(world.asked).toBe(0);
});

test('a class has its own limits, or none', async () => {
  const world = given({ news: { bounces: 0.2 }, resets: false, offers: { complaints: 0.01 } });
  await world.mail('news', 1_000, { bounces: 100 });
  await world.mail('resets', 1_000, { bounces: 900, complaints: 50 });
  await world.mail('offers', 1_000, { bounces: 50, complaints: 5 });

  await world.check();

  expect(await world.paused()).toEqual(['offers']);
});

test('the hours of a day add up, over processes and restarts', async () => {
  const world = given();
  for (let hour = 0; hour < 20; hour += 1) {
    await world.mail('news', 20, { bounces: 1 });
    await world.check();
    world.now += HOUR;
  }
  expect(await world.paused()).toEqual(['news']);
  const queries = world.queries;

  await world.check();
  expect(world.queries - queries).toBeLessThanOrEqual(3);
  const other = given();
  for (let hour = 0; hour < 20; hour += 1) {
    await other.mail('news', 20, { bounces: 1 });
    other.now += HOUR;
  }
  await other.checkOf()();
  expect(await other.paused()).toEqual(['news']);
});

test('a class that an operator released is checked by the hours after that', async () => {
  const world = given();
  await world.mail('news', 1_000, { bounces: 100 });
  await world.check();
  await resumeClass(world.table, 'news', { who: 'ada', now: world.now, hour: 500_000 });
  await world.check();
  expect(await world.paused()).toEqual([]);
  world.now += HOUR;
  await world.mail('news', 1_000, { bounces: 30 });
  await world.check();
  expect(await world.paused()).toEqual([]);

  await world.mail('news', 200, { bounces: 40 });
  await world.check();
  expect(await world.paused()).toEqual(['news']);
});

test('a pause goes on when its counts are over, until it is released', async () => {
  const world = given();
  await world.mail('news', 1_000, { bounces: 100 });
  await world.check();
  world.now += 30 * 24 * HOUR;

  await world.check();

  expect(await world.paused()).toEqual(['news']);
  expect(world.metrics.at(-1)).toEqual(['PausedClasses', 1]);
});

test('without an answer of the table no rate is checked, and the next run does it', async () => {
  const world = given();
  await world.mail('news', 1_000, { bounces: 100 });
  world.fault = () => {
    throw new Error('the table does not answer');
  };
  await world.check();
  expect([world.metrics, world.logged]).toEqual([[], ['class rates not checked']]);
  world.fault = () => {};

  await world.check();
  expect(await world.paused()).toEqual(['news']);
});

test('where no class pauses, nothing is read', async () => {
  const world = given();
  await classChecker({ lists: undefined, pauseAbove: undefined, table: world.table } as never)();
  expect(world.table.reads).toBe(0);
});
