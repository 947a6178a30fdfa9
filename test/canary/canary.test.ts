import { describe, expect, it } from 'vitest';
import { canaryId, canaryOf, canarySubmission } from '../../lambda/canary/canary.ts';
import { noteReturn } from '../../lambda/canary/returned.ts';
import { switchItem } from '../../lambda/circuit/items.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { readSubmission } from '../../lambda/contract/submission.ts';
import { sendCanaries } from '../../lambda/health/canaries.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryTable } from '../support/memory-table.ts';

const CANARY = { to: 'canary@in.example.com', from: 'check@example.com', everyMinutes: 30 };
const PROVIDER: ProviderConfig = { key: 'pm', type: 'postmark', options: {}, canary: CANARY };
const MINUTE = 60_000;

describe('the submission of a canary', () => {
  it('is one that Mailover takes, over this provider only', () => {
    const submission = canarySubmission(PROVIDER, 7, 30 * MINUTE);

    expect(readSubmission(JSON.stringify(submission))).toMatchObject({ submission });
    expect(submission).toMatchObject({
      id: 'mailover-canary:pm:7',
      from: 'check@example.com',
      to: ['canary@in.example.com'],
      providers: { only: ['pm'] },
      expiresAt: new Date(8 * 30 * MINUTE).toISOString(),
    });
  });

  it('is of a class that the provider carries, from the address itself, and there is none without canary', () => {
    const { from: _, ...own } = CANARY;

    expect(canarySubmission({ ...PROVIDER, canary: own, classes: ['codes'] }, 7, MINUTE)).toMatchObject({
      class: 'codes',
      from: 'canary@in.example.com',
    });
    expect(canarySubmission({ key: 'pm', type: 'postmark', options: {} }, 7, MINUTE)).toBeUndefined();
  });

  it('is known by its id, and nothing else is', () => {
    expect(canaryOf(canaryId({ provider: 'own-mta', slot: 12 }))).toEqual({ provider: 'own-mta', slot: 12 });
    for (const id of ['order-1', 'mailover-canary:pm', 'mailover-canary:pm:x', 'x:mailover-canary:pm:1'])
      expect(canaryOf(id)).toBeUndefined();
  });
});

describe('sending canaries', () => {
  it('puts one on the outbound queue in each slot, however often it is looked', async () => {
    const world = given();

    for (let minute = 0; minute < 61; minute++) {
      await world.tick();
      await world.clock.pass(MINUTE);
    }

    expect(world.sent.map(({ id }) => id)).toEqual([0, 1, 2].map((more) => `mailover-canary:pm:${world.slot + more}`));
    expect(new Set(world.sent.map(({ url }) => url))).toEqual(new Set(['outbound']));
  });

  it('sends one when two look at once', async () => {
    const world = given();

    await Promise.all([world.tick(), world.tick(), world.tick()]);

    expect(world.sent).toHaveLength(1);
  });

  it('tells how long ago one came back, from the first one on', async () => {
    const world = given();
    await world.tick();
    await world.clock.pass(20 * MINUTE);
    await world.tick();
    expect(world.ages).toEqual([0, 1_200]);

    await noteReturn(world.table, `mailover-canary:pm:${world.slot}`, world.clock.now());
    await world.clock.pass(MINUTE);
    await world.tick();
    expect(world.ages.at(-1)).toBe(60);
  });

  it('counts in stack time', async () => {
    const world = given({ timeScale: 60 });
    for (let second = 0; second < 61; second++) {
      await world.tick();
      await world.clock.pass(1_000);
    }

    expect(world.sent).toHaveLength(3);
    expect(world.ages.at(-1)).toBe(3_600);
  });

  it('sends none and tells nothing while an operator holds the provider back', async () => {
    const world = given();
    const isolation = { since: 1, until: world.clock.now() + MINUTE, reason: 'moving', who: 'ada' };
    world.table.items.set('switch/pm', { ...switchItem('pm', undefined, isolation), rev: 1 });

    await world.tick();
    expect([world.sent, world.ages]).toEqual([[], []]);

    await world.clock.pass(MINUTE);
    await world.tick();
    expect(world.sent).toHaveLength(1);
  });

  it('goes on after a table or a queue that failed', async () => {
    const world = given();
    world.table.mood = 'fail';
    await world.tick();
    world.table.mood = 'good';
    world.broken = true;
    await world.tick();
    world.broken = false;
    await world.clock.pass(30 * MINUTE);
    await world.tick();

    expect(world.sent.map(({ id }) => id)).toEqual([`mailover-canary:pm:${world.slot + 1}`]);
    expect(world.lines).toEqual(['canaries not sent', 'canary not sent']);
  });
});

describe('the return of a canary', () => {
  it('is noted beside what others wrote, and never goes back', async () => {
    const table = memoryTable();
    table.items.set('canary/pm', { pk: 'canary/pm', rev: 4, sentSlot: 8, since: 1, later: 'kept' });

    await noteReturn(table, 'mailover-canary:pm:8', 100);
    await noteReturn(table, 'mailover-canary:pm:7', 50);

    expect(table.items.get('canary/pm')).toMatchObject({
      rev: 5,
      returnedAt: 100,
      sentSlot: 8,
      since: 1,
      later: 'kept',
    });
  });

  it.each(['order-1', 'mailover-canary:pm:9', 'mailover-canary:other:1'])('does not follow from %s', async (id) => {
    const table = memoryTable();
    table.items.set('canary/pm', { pk: 'canary/pm', rev: 4, sentSlot: 8 });

    await noteReturn(table, id, 100);

    expect([...table.items.values()]).toEqual([{ pk: 'canary/pm', rev: 4, sentSlot: 8 }]);
  });

  it('is noted by each of two copies at once, and by the sender of the next one beside them', async () => {
    const world = given();
    await world.tick();
    await world.clock.pass(30 * MINUTE);
    const id = `mailover-canary:pm:${world.slot}`;

    await Promise.all([
      noteReturn(world.table, id, world.clock.now()),
      noteReturn(world.table, id, world.clock.now()),
      world.tick(),
    ]);

    expect(world.table.items.get('canary/pm')).toMatchObject({ returnedAt: world.clock.now() });
  });
});

function given({ timeScale = 1 } = {}) {
  const clock = manualClock(1_800_000_000_000);
  const table = memoryTable();
  const sent: { url: string; id: string }[] = [];
  const ages: number[] = [];
  const lines: string[] = [];
  const line = (message: string) => void lines.push(message);
  const world = { clock, table, sent, ages, lines, broken: false, slot: clock.now() / (30 * MINUTE), tick };
  async function tick() {
    await sendCanaries({
      providers: [{ key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } }, PROVIDER],
      queue: {
        send: async (url, body) => {
          if (world.broken) throw new Error('the queue does not answer');
          sent.push({ url, id: JSON.parse(body).id });
        },
      },
      outboundQueueUrl: 'outbound',
      table,
      metrics: { add: (name, value) => void (name === 'CanaryAge' && ages.push(value)) },
      log: { info: line, warn: line, error: line },
      clock,
      timeScale,
    });
  }
  return world;
}
