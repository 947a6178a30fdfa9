import { describe, expect, test } from 'vitest';
import { listDoubted } from '../../../cli/operate/doubted.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { HOUR_MS, type HourCounts, isDoubted, isSilent, suppressionRise } from '../../../lambda/tally/counts.ts';
import { readEnded } from '../../../lambda/tally/items.ts';
import { Tallies } from '../../../lambda/tally/tallies.ts';
import { isAboutMailbox } from '../../../lambda/tally/words.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'id' };
const BAD: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

describe('a provider is doubted', () => {
  test.each([
    ['3 of 50, while the others refuse none', { 'ok/p/3': 47, 'no/p/3': 3, 'ok/q/3': 500 }, true],
    ['3 of 49: too few', { 'ok/p/3': 46, 'no/p/3': 3, 'ok/q/3': 500 }, false],
    ['2 of 50, within five times the usual one in a hundred', { 'ok/p/3': 48, 'no/p/3': 2, 'ok/q/3': 500 }, false],
    ['a fifth, as the others do', { 'ok/p/3': 80, 'no/p/3': 20, 'ok/q/3': 80, 'no/q/3': 20 }, false],
    ['a fifth, and the others were not asked', { 'ok/p/3': 80, 'no/p/3': 20 }, true],
    ['all of the last fifty, after ten thousand good ones', { 'ok/p/2': 10_000, 'no/p/3': 50 }, true],
  ] satisfies [string, HourCounts, boolean][])('by rate: %s', (_, counts, doubted) => {
    expect(isDoubted([counts, {}], 'p', 'd', 3)).toBe(doubted);
  });

  test('also by what the hour before had', () => {
    expect(isDoubted([{ 'no/p/0': 5 }, { 'ok/p/11': 60 }], 'p', 'd', 0)).toBe(true);
  });

  test.each([
    ['three refusals of it and no other provider has any', { 'dno/p/d': 3 }, true],
    ['more taken than refused', { 'dno/p/d': 3, 'dok/p/d': 4 }, false],
    ['another provider refuses some too', { 'dno/p/d': 3, 'dno/q/d': 1, 'no/q/1': 1 }, false],
  ] satisfies [string, HourCounts, boolean][])('for one domain: %s', (_, counts, doubted) => {
    expect(isDoubted([counts, {}], 'p', 'd', 3)).toBe(doubted);
    expect(isDoubted([counts, {}], 'p', 'other', 3)).toBe(false);
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
  expect(isAboutMailbox({ kind: 'refused', blames: 'recipient', reason, ...(detail && { detail }) })).toBe(about);
  expect(isAboutMailbox({ kind: 'refused', blames: 'message', reason: 'format' })).toBe(false);
});

test('a share of refused recipients rises against the day before, not against a number', () => {
  const good = { 'ok/p/0': 100 };
  const usual = { 'ok/p/0': 90, 'no/p/0': 10 };

  expect(suppressionRise([{ 'ok/p/0': 40, 'no/p/0': 10 }, {}, good, good, good], 'p', 5)).toBeGreaterThan(3);
  expect(suppressionRise([usual, usual, usual, usual, usual, usual, usual, usual, usual], 'p', 5)).toBeLessThan(3);
  // Counts more than an hour old are not part of the last hour.
  expect(suppressionRise([{}, { 'ok/p/5': 40, 'no/p/5': 10 }, good], 'p', 5)).toBe(0);
  expect(suppressionRise([{}, { 'ok/p/6': 40, 'no/p/6': 10 }, good], 'p', 5)).toBeGreaterThan(3);
  expect(suppressionRise([{ 'ok/p/0': 2, 'no/p/0': 4 }, {}, good], 'p', 5)).toBe(0);
});

describe('producers are silent', () => {
  const busy = { 'in/0': 20, 'in/1': 20, 'in/2': 20, 'in/3': 20 };
  const now = (hours: Record<number, HourCounts>, quarter: number) => isSilent((back) => hours[back], quarter);

  test('after half an hour without mail behind two hours of it', () => {
    expect(now({ 0: { 'in/0': 20 }, 1: busy, 2: busy }, 3)).toBe(true);
    expect(now({ 0: { 'in/0': 20, 'in/2': 1 }, 1: busy, 2: busy }, 3)).toBe(false);
    expect(now({ 0: { 'in/0': 20, 'in/3': 1 }, 1: busy, 2: busy }, 3)).toBe(false);
    expect(now({ 0: { 'in/0': 20 }, 1: busy }, 3)).toBe(false);
  });

  test('not if they were as silent yesterday', () => {
    const today = { 0: { 'in/0': 20 }, 1: busy, 2: busy };
    expect(now({ ...today, 24: { 'in/0': 20 }, 25: busy, 26: busy }, 3)).toBe(false);
    expect(now({ ...today, 24: busy, 25: busy, 26: busy }, 3)).toBe(true);
  });
});

describe('shared counts', () => {
  test('are written once a minute by a busy worker, and at once when a mailbox is refused', async () => {
    const { tallies, table, clock } = given();
    for (let mail = 0; mail < 100; mail++) await tallies.heard('p', said(ACCEPTED));
    expect(table.writes).toBe(0);
    await clock.pass(60_000);
    await tallies.heard('p', said(ACCEPTED));
    expect(table.writes).toBe(1);
    await tallies.heard('p', said(BAD));
    expect(table.writes).toBe(2);
  });

  test('make a provider doubted for all workers, and list the recipients that ended before', async () => {
    const { tallies, table, clock } = given();
    const other = new Tallies({ table, clock });
    for (let mail = 0; mail < 48; mail++) await tallies.heard('p', said(ACCEPTED, `a${mail}@example.com`));
    const doubted: string[] = [];
    for (let mail = 0; mail < 8; mail++) {
      const address = `b${mail}@d${mail}.example.org`;
      const worker = mail % 2 ? other : tallies;
      doubted.push(...(await worker.heard('p', said(BAD, address))));
      if (!doubted.includes(address))
        await worker.ended('p', { at: clock.now(), submissionId: `s${mail}`, address, reason: 'inactive-recipient' });
    }

    expect(doubted).toContain('b7@d7.example.org');
    const listed = await listDoubted(table, clock.now());
    expect(listed.map(({ address }) => address)).not.toContain('b7@d7.example.org');
    expect(listed[0]).toMatchObject({ provider: 'p', submissionId: 's0', address: 'b0@d0.example.org' });
    expect(await listDoubted(table, clock.now() + 20 * 24 * HOUR_MS)).toEqual([]);
  });

  test('do not keep mail waiting for a table that does not answer', async () => {
    const { tallies, table, clock } = given();
    table.mood = 'hang';
    const heard = tallies.heard('p', said(BAD));
    await clock.pass(500);
    expect(await heard).toEqual(new Set());
    table.mood = 'fail';
    expect(await tallies.heard('p', said(BAD))).toEqual(new Set());
  });

  test('ignore unreadable entries of the list', () => {
    expect(readEnded({ pk: 'ended/p/1', rev: 1, ended: [{ at: 1 }, 'x', null] })).toEqual([]);
  });
});

function given() {
  const clock = manualClock(Math.ceil(1_800_000_000_000 / HOUR_MS) * HOUR_MS);
  const table = memoryTable();
  return { clock, table, tallies: new Tallies({ table, clock }) };
}

function said(outcome: Outcome, address = 'ada@example.org') {
  return new Map([[address, outcome]]);
}
