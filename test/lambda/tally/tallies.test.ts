import { describe, expect, test } from 'vitest';
import { listDoubted } from '../../../cli/operate/doubted.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import {
  HOUR_MS,
  type HourCounts,
  haveProducersStopped,
  isDoubted,
  suppressionRise,
} from '../../../lambda/tally/counts.ts';
import { readEnded } from '../../../lambda/tally/items.ts';
import { isAboutMailbox } from '../../../lambda/tally/mailbox-refusal.ts';
import { Tallies } from '../../../lambda/tally/tallies.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'id' };
const BAD: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

const refusing = (domain: string) => ({ provider: 'p', domain, vendorOf: (key: string) => key });
const good = (number: number) => '+'.repeat(number);
const bad = (number: number) => '-'.repeat(number);

describe('a provider is doubted', () => {
  const others = { 'ok/q/3': 500 };

  test.each([
    ['6 of 50, while the others refuse none', good(44) + bad(6), others, true],
    ['6 of 49: too few recipients', good(43) + bad(6), others, false],
    ['5 of 50: a list has some dead mailboxes', good(45) + bad(5), others, false],
    ['15 of 200, which never are 6 of 50', (good(46) + bad(4)).repeat(3) + good(47) + bad(3), others, true],
    [
      '14 of 200: a long list has some dead mailboxes',
      (good(46) + bad(4)).repeat(3) + good(48) + bad(2),
      others,
      false,
    ],
    ['15 of 199: too few recipients', (good(46) + bad(4)).repeat(3) + good(46) + bad(3), others, false],
    ['a fifth, as the others do', good(40) + bad(10), { 'ok/q/3': 80, 'no/q/3': 20 }, false],
    ['all, where the others refuse a sixth', bad(50), { 'ok/q/3': 100, 'no/q/5': 20 }, true],
    ['a fifth, and the others were not asked', good(40) + bad(10), {}, true],
  ] satisfies [string, string, HourCounts, boolean][])('by rate: %s', (_, list, counts, doubted) => {
    expect(isDoubted([counts, {}], list, refusing('d'))).toBe(doubted);
    expect(isDoubted([{}, counts], list, refusing('d'))).toBe(doubted);
  });

  test.each([
    ['three refusals of it and no other provider has any', { 'dno/p/d': 3 }, true],
    ['more taken than refused', { 'dno/p/d': 3, 'dok/p/d': 4 }, false],
    ['another provider refuses some too', { 'dno/p/d': 3, 'dno/q/d': 1, 'no/q/1': 1 }, false],
  ] satisfies [string, HourCounts, boolean][])('for one domain: %s', (_, counts, doubted) => {
    expect(isDoubted([counts, {}], '', refusing('d'))).toBe(doubted);
    expect(isDoubted([counts, {}], '', refusing('other'))).toBe(false);
  });

  test('by the rates of other vendors: two accounts of one may be wrong alike', () => {
    const both = { 'no/q/3': 80, 'ok/q/3': 20, 'dno/q/d': 4, 'ok/r/3': 100 };
    const sameVendor = { ...refusing('d'), vendorOf: (key: string) => (key === 'r' ? 'other' : 'vendor') };

    expect(isDoubted([both, {}], bad(50), refusing('e'))).toBe(false);
    expect(isDoubted([both, {}], bad(50), { ...sameVendor, domain: 'e' })).toBe(true);
    expect(isDoubted([{ ...both, 'dno/p/d': 3 }, {}], '', refusing('d'))).toBe(false);
    expect(isDoubted([{ ...both, 'dno/p/d': 3 }, {}], '', sameVendor)).toBe(true);
  });
});

test.each([
  ['inactive-recipient', undefined, true],
  [
    'inactive-recipient',
    'Inactive recipients are ones that have generated a hard bounce, a spam complaint, or …',
    true,
  ],
  ['inactive-recipient', 'The recipient made a spam complaint.', false],
  ['suppressed', 'Recipient has unsubscribed', false],
  ['suppressed', 'the recipient address is suppressed', true],
] as const)('%s (%s) is about a mailbox: %s', (reason, detail, about) => {
  expect(isAboutMailbox({ kind: 'refused', blames: 'recipient', reason, ...defined({ detail }) })).toBe(about);
  expect(isAboutMailbox({ kind: 'refused', blames: 'message', reason: 'format' })).toBe(false);
});

test('a share of refused recipients rises against the day before, not against a number', () => {
  const good = { 'ok/p/0': 100 };
  const usual = { 'ok/p/0': 90, 'no/p/0': 10 };

  expect(suppressionRise([{ 'ok/p/0': 40, 'no/p/0': 10 }, {}, good, good, good], 'p', 5)).toBeGreaterThan(3);
  expect(suppressionRise([usual, usual, usual, usual, usual, usual, usual, usual, usual], 'p', 5)).toBeLessThan(3);
  // Counts that are more than an hour old do not count for the last hour.
  expect(suppressionRise([{}, { 'ok/p/5': 40, 'no/p/5': 10 }, good], 'p', 5)).toBe(0);
  expect(suppressionRise([{}, { 'ok/p/6': 40, 'no/p/6': 10 }, good], 'p', 5)).toBeGreaterThan(3);
  expect(suppressionRise([{ 'ok/p/0': 2, 'no/p/0': 4 }, {}, good], 'p', 5)).toBe(0);
});

describe('producers count as stopped', () => {
  const busy = { 'in/0': 20, 'in/1': 20, 'in/2': 20, 'in/3': 20 };
  const now = (hours: Record<number, HourCounts>, quarter: number) =>
    haveProducersStopped((back) => hours[back], quarter);

  test('after half an hour without mail behind two hours of it', () => {
    expect(now({ 0: { 'in/0': 20 }, 1: busy, 2: busy }, 3)).toBe(true);
    expect(now({ 0: { 'in/0': 20, 'in/2': 1 }, 1: busy, 2: busy }, 3)).toBe(false);
    expect(now({ 0: { 'in/0': 20, 'in/3': 1 }, 1: busy, 2: busy }, 3)).toBe(false);
    expect(now({ 0: { 'in/0': 20 }, 1: busy }, 3)).toBe(false);
  });

  test('until nearly two hours without mail have passed, and whatever arrived in the quarter of the last mail', () => {
    const steady = { 1: busy, 2: busy, 3: busy };
    expect(now({ 0: { 'in/0': 1 }, ...steady }, 3)).toBe(true);
    expect(now({ 0: {}, 1: { 'in/0': 1 }, 2: busy, 3: busy }, 3)).toBe(true);
    expect(now({ 0: {}, 1: { 'in/0': 1 }, 2: busy, 3: { ...busy, 'in/0': 9 } }, 3)).toBe(false);
    expect(now({ 2: busy, 3: busy, 4: busy }, 0)).toBe(true);
    expect(now({ 2: busy, 3: busy, 4: busy }, 3)).toBe(true);
    expect(now({ 2: { 'in/0': 20 }, 3: busy, 4: busy }, 0)).toBe(true);
    expect(now({ 2: { 'in/0': 20 }, 3: busy, 4: busy }, 1)).toBe(false);
    expect(now({}, 3)).toBe(false);
  });

  test('not if there was no mail at this time yesterday', () => {
    const today = { 0: { 'in/0': 20 }, 1: busy, 2: busy };
    expect(now({ ...today, 24: { 'in/0': 20 }, 25: busy, 26: busy }, 3)).toBe(false);
    expect(now({ ...today, 24: busy, 25: busy, 26: busy }, 3)).toBe(true);
  });
});

describe('shared counts', () => {
  test('are written once a minute by a busy worker, and at once when a mailbox is refused', async () => {
    const {
      workers: [tallies],
      table,
      clock,
    } = given(1);
    if (tallies === undefined) throw new Error('no worker');
    for (let mail = 0; mail < 100; mail++) await tallies.countOutcomes('p', said(ACCEPTED));
    expect(table.writes).toBe(0);
    await clock.pass(60_000);
    await tallies.countOutcomes('p', said(ACCEPTED));
    expect(table.writes).toBe(1);
    await tallies.countOutcomes('p', said(BAD));
    expect(table.writes).toBe(2);
  });

  test('are written when they have doubled, since a worker may get no more mail', async () => {
    const { workers, table, clock } = given(1);
    const [tallies] = workers;
    const written: number[] = [];
    for (let recipients = 1; recipients <= 320; recipients++) {
      const before = table.writes;
      await clock.pass(150);
      await tallies?.countOutcomes('p', said(ACCEPTED));
      if (table.writes > before) written.push(recipients);
    }

    expect(written).toEqual([20, 40, 80, 160, 320]);
  });

  // A worker reports its first refusal together with the accepted recipients that it has counted before.
  test.each([
    [1, 5],
    [4, 4 + 5],
    [10, 10 + 5],
  ])(
    'of %d workers make a provider doubted for all after %d refusals, however much it has taken before',
    async (number, most) => {
      const { workers, table, clock } = given(number);
      await takes(workers, 1_000);

      const ended = await refuses(workers, 40);

      expect(ended).toBeLessThanOrEqual(most);
      // Some recipients were given up before the provider's refusals were in doubt. Each of these recipients is listed once.
      expect(await listDoubted(table, clock.now())).toHaveLength(ended);
    },
  );

  test.each([
    [0.1, 0.15],
    [0.2, 0.1],
  ])('let a provider that wrongly refuses %d of the recipients end at most %d of these', async (share, most) => {
    const { workers } = given(4);
    const random = draws(3);
    await takes(workers, 300);
    let refused = 0;
    let ended = 0;
    for (let mail = 0; mail < 1_500; mail++) {
      const isRefused = random() < share;
      const outcome = said(isRefused ? BAD : ACCEPTED, `a${mail}@d${mail}.example.org`);
      const doubted = await workers[mail % 4]?.countOutcomes('p', outcome);
      refused += isRefused ? 1 : 0;
      ended += isRefused && doubted?.size === 0 ? 1 : 0;
    }
    expect(ended / refused).toBeLessThan(most);
  });

  test('make no provider doubted for a list with four dead mailboxes in a hundred, whichever has it', async () => {
    const { workers } = given(4);
    const random = draws(7);
    let doubted = 0;
    for (let mail = 0; mail < 5_000; mail++) {
      const address = `a${mail}@d${mail}.example.org`;
      const provider = mail % 3 === 0 ? 'q' : 'p';
      const found = await workers[mail % 4]?.countOutcomes(provider, said(random() < 0.04 ? BAD : ACCEPTED, address));
      doubted += found?.size ?? 0;
    }
    expect(doubted).toBe(0);
  });

  test('make a provider that alone has such a list doubted for few of the mailboxes', async () => {
    const { workers } = given(4);
    const random = draws(7);
    let dead = 0;
    let doubted = 0;
    for (let mail = 0; mail < 5_000; mail++) {
      const isDead = random() < 0.04;
      dead += isDead ? 1 : 0;
      const found = await workers[mail % 4]?.countOutcomes(
        'p',
        said(isDead ? BAD : ACCEPTED, `a${mail}@d${mail}.example.org`),
      );
      doubted += found?.size ?? 0;
    }
    expect(doubted / dead).toBeLessThan(0.1);
  });

  test('remember the newest recipients over quiet hours', async () => {
    const { workers, clock } = given(1);
    for (let mail = 0; mail < 44; mail++) {
      await takes(workers, 1);
      await clock.pass(0.4 * HOUR_MS);
    }
    expect(await refuses(workers, 10)).toBe(5);
  });

  test('are complete although many workers write at the same time', async () => {
    const { workers, table, clock } = given(20);
    await takes(workers, 60);
    const at = clock.now();
    const all = workers.map(async (worker, place) => {
      await worker.listEnded('p', [{ at, submissionId: `s${place}`, address: 'ada@example.org', reason: 'inactive' }]);
    });
    await clock.pass(2_000);
    await Promise.all(all);
    await refuses(workers, 40);

    const listed = await listDoubted(table, clock.now());
    expect(listed.filter(({ submissionId }) => submissionId.startsWith('s'))).toHaveLength(20);
  });

  test('include the refusals from a time in which the table was down', async () => {
    const { workers, table, clock } = given(1);
    await takes(workers, 60);
    table.behavior = 'fail';
    expect(await refuses(workers, 10)).toBe(10);
    table.behavior = 'work';
    expect(await refuses(workers, 1)).toBe(0);
    await clock.pass(0);
  });

  test('do not keep mail waiting for a table that does not answer', async () => {
    const {
      workers: [tallies],
      table,
      clock,
    } = given(1);
    if (tallies === undefined) throw new Error('no worker');
    table.behavior = 'hang';
    const heard = tallies.countOutcomes('p', said(BAD));
    await clock.pass(500);
    expect(await heard).toEqual(new Set());
    table.behavior = 'fail';
    expect(await tallies.countOutcomes('p', said(BAD))).toEqual(new Set());
  });

  test('ignore unreadable entries of the list', () => {
    expect(readEnded({ pk: 'ended/p/1/0', rev: 1, ended: [{ at: 1 }, 'x', null] })).toEqual([]);
  });
});

describe('npm run doubted lists', () => {
  test('all recipients of one mail, and those beyond one page', async () => {
    const { workers, table, clock } = given(2);
    const at = clock.now();
    const list = Array.from({ length: 250 }, (_, place) => ({
      at,
      submissionId: 'newsletter',
      address: `a${place}@example.org`,
      reason: 'inactive',
    }));
    for (const worker of workers)
      await worker.listEnded('p', worker === workers[0] ? list.slice(0, 130) : list.slice(130));
    await takes(workers, 50);
    await refuses(workers, 7);

    expect(await listDoubted(table, clock.now())).toHaveLength(250 + 6 - 1);
  });

  test('recipients once, though their worker crashed and the provider was asked again', async () => {
    const { workers, table, clock } = given(1);
    const one = { at: clock.now(), submissionId: 's', address: 'ada@example.org', reason: 'inactive' };
    await workers[0]?.listEnded('p', [one]);
    await workers[0]?.listEnded('p', [{ ...one, at: one.at + 1 }]);
    await takes(workers, 50);
    await refuses(workers, 7);

    const listed = await listDoubted(table, clock.now());
    expect(listed.filter(({ address }) => address === 'ada@example.org')).toEqual([{ ...one, provider: 'p' }]);
  });

  test('the hours whose recipients raised the doubt, for two weeks', async () => {
    const { workers, table, clock } = given(1);
    await takes(workers, 44);
    for (let mail = 0; mail < 7; mail++) {
      await clock.pass(2 * HOUR_MS);
      await refuses(workers, 1, mail);
    }
    const now = clock.now();

    expect(await listDoubted(table, now)).toHaveLength(5);
    expect(await listDoubted(table, now + 13 * 24 * HOUR_MS)).toHaveLength(5);
    expect(await listDoubted(table, now + 15 * 24 * HOUR_MS)).toEqual([]);
    // The items expire only after the last day on which the recipients in them are listed.
    for (const { expires = 0 } of table.items.values())
      expect(expires * 1_000).toBeGreaterThan(now + 13.9 * 24 * HOUR_MS);
  });
});

function given(number: number) {
  const clock = manualClock(Math.ceil(1_800_000_000_000 / HOUR_MS) * HOUR_MS);
  const table = memoryTable();
  const workers = Array.from(
    { length: number },
    () => new Tallies({ table, clock, random: draws(1), vendorOf: (key) => key }),
  );
  return { clock, table, workers };
}

/** Simulates that the provider accepts mails to different domains. The mails are distributed over the workers. */
async function takes(workers: readonly Tallies[], number: number): Promise<void> {
  for (let mail = 0; mail < number; mail++)
    await workers[mail % workers.length]?.countOutcomes('p', said(ACCEPTED, `a${mail}@a${mail}.example.com`));
}

/**
 * Simulates that the provider refuses mailboxes. Resolves with the number of recipients that were given up because of this
 * provider's refusal alone.
 */
async function refuses(workers: readonly Tallies[], number: number, first = 0): Promise<number> {
  let ended = 0;
  for (let mail = first; mail < first + number; mail++) {
    const address = `b${mail}@b${mail}.example.org`;
    const worker = workers[mail % workers.length];
    const doubted = await worker?.countOutcomes('p', said(BAD, address));
    if (doubted?.has(address)) continue;
    ended += 1;
    await worker
      ?.listEnded('p', [{ at: 1, submissionId: `m${mail}`, address, reason: 'inactive-recipient' }])
      .catch(() => undefined);
  }
  return ended;
}

/** Returns a generator of random numbers in [0, 1); the same seed gives the same numbers. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function said(outcome: Outcome, address = 'ada@example.org') {
  return new Map([[address, outcome]]);
}
