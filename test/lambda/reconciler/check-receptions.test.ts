import { expect, test } from 'vitest';
import type { InboundMessage } from '../../../lambda/contract/inbound.ts';
import { identityOf } from '../../../lambda/inbound/identity.ts';
import type { Known, MissedSource, Reception } from '../../../lambda/providers/missed.ts';
import { loadInbound } from '../../../lambda/providers/registry.ts';
import { createReconciler } from '../../../lambda/reconciler/reconciler.ts';
import { memoryTable } from '../../support/memory-table.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);

test('a mail that crashes the process is delivered with its raw form only, after all others', async () => {
  const world = givenWorld({ receptions: ['poison', 'b', 'c'], storage: true });
  world.deadly.add('poison');
  await world.runAndDie();
  expect(world.messages()).toEqual([]);

  await world.run();

  expect(world.messages().map(({ messageId, flags, raw, text }) => [messageId, flags, raw.form, text])).toEqual([
    ['<b@example.org>', undefined, 'mime', 'whole\r\n'],
    ['<c@example.org>', undefined, 'mime', 'whole\r\n'],
    ['<poison@example.org>', ['truncated'], 'mime', undefined],
  ]);
  expect(world.counts()).toMatchObject({ recovered: 2, notice: 1, behind: 1 });
  expect(world.log()).not.toContain('@');
});

test('a mail that crashes every processing is delivered from the list alone', async () => {
  const world = givenWorld({ receptions: ['poison'], storage: true });
  world.deadly.add('poison').add('know/poison');
  for (let death = 0; death < 3; death += 1) {
    await world.runAndDie();
  }

  await world.run();

  expect(world.messages()).toMatchObject([
    {
      envelope: { to: ['unknown/poison'] },
      providerMessageId: 'poison',
      flags: ['truncated'],
      raw: { form: 'request' },
    },
  ]);
});

test('a run that ends before its first check is not blamed on the mail of the run before', async () => {
  const world = givenWorld({ receptions: ['poison', 'b'], storage: true });
  world.deadly.add('poison');
  await world.runAndDie();
  world.deadly.add('undelivered');
  for (let death = 0; death < 3; death += 1) await world.runAndDie();
  world.deadly.delete('undelivered');

  await world.run();

  expect(world.messages()[1]).toMatchObject({ messageId: '<poison@example.org>', raw: { form: 'mime' } });
});

test('progress is recorded span by span, and waiting mail does not delay the rest', async () => {
  const many = Array.from({ length: 700 }, (_, n) => `m${n}`);
  const world = givenWorld({ receptions: many, storage: true });
  for (const id of many.slice(0, 350)) world.unreachable.add(id);
  world.arrived(many.slice(350, 600));

  for (let run = 0; run < 5; run += 1) await world.run();
  expect(world.messages()).toHaveLength(100);
  expect(world.until()).toBeLessThan(world.at('m0'));

  world.unreachable.clear();
  for (let run = 0; run < 10; run += 1) await world.run();
  expect(world.messages()).toHaveLength(450);
  expect(world.until()).toBe(world.now() - 45 * MINUTE);
});

test('a run that is cut off leaves its progress at the last span that was settled', async () => {
  const many = Array.from({ length: 500 }, (_, n) => `m${n}`);
  const world = givenWorld({ receptions: many, storage: true });
  world.deadly.add('m290');

  await world.runAndDie();

  expect(world.messages()).toHaveLength(290);
  expect(world.until()).toBeGreaterThan(world.at('m100'));
  expect(world.until()).toBeLessThanOrEqual(world.at('m290'));
});

test('mail that waits in a list of failed mail delays neither the rest of the list nor new mail', async () => {
  const undelivered = Array.from({ length: 600 }, (_, n) => `s${n}`);
  const world = givenWorld({ undelivered, receptions: ['a'], again: true });

  for (let run = 0; run < 4; run += 1) await world.run();

  expect(world.asked).toHaveLength(600);
  expect(new Set(world.asked).size).toBe(600);
  expect(world.counts()).toMatchObject({ asked: 600, recovered: 1 });
});

test('what cannot be known for a day is delivered from the list, and counted', async () => {
  const world = givenWorld({ receptions: ['a', 'b'] });
  world.unknown.add('a');
  await world.run();
  expect(world.messages()).toMatchObject([{ messageId: '<b@example.org>' }]);

  for (let run = 0; run < (24 * HOUR) / (5 * MINUTE); run += 1) await world.run();

  expect(world.messages()).toHaveLength(2);
  expect(world.messages()[1]).toMatchObject({ envelope: { to: ['unknown/a'] }, flags: ['truncated'] });
  expect(world.knows.filter((id) => id === 'a')).toHaveLength(25);
  expect(world.counts()).toMatchObject({ notice: 1 });
});

test('an event that is indexed late is still found', async () => {
  const world = givenWorld({ receptions: ['a'], age: MINUTE });
  world.hide('a', NOW + 30 * MINUTE);

  for (let run = 0; run < 12; run += 1) await world.run();

  expect(world.messages()).toMatchObject([{ messageId: '<a@example.org>' }]);
});

test('a span that was not checked in time is counted', async () => {
  const world = givenWorld({ receptions: [] });
  await world.run();
  expect(world.counts()).not.toHaveProperty('skipped');

  world.pass(5 * 24 * HOUR);
  await world.run();
  await world.run();

  expect(world.counts()).toMatchObject({ skipped: 1, looked: 3 });
});

test('each provider has a share of the time, whatever the ones before it need', async () => {
  const world = givenWorld({ keys: ['slow', 'other'], receptions: Array.from({ length: 200 }, (_, n) => `m${n}`) });
  world.knowTakes(2_000);

  await world.run();

  // If the two providers did not get equal shares of the time, the first provider would use all of the 195 s, and the second
  // provider would get no time.
  expect(world.knows.filter((id) => id === 'm0')).toHaveLength(2);
  expect(world.counts()).toMatchObject({ behind: 2 });
});

/** Creates providers whose received mails arrived one second apart, an hour ago, and a reconciler that has four minutes for a run. */
function givenWorld({
  keys = ['it'],
  receptions,
  undelivered = [],
  age = HOUR,
  storage = false,
  again = false,
}: {
  keys?: readonly string[];
  receptions: readonly string[];
  undelivered?: readonly string[];
  /** Age of the newest mail, in milliseconds. */
  age?: number;
  storage?: boolean;
  again?: boolean;
}) {
  let now = NOW;
  let slow = 0;
  let died = () => {};
  const deadly = new Set<string>();
  const unknown = new Set<string>();
  const unreachable = new Set<string>();
  const hidden = new Map<string, number>();
  const asked: string[] = [];
  const knows: string[] = [];
  const queue: string[] = [];
  const log: string[] = [];
  const counts = new Map<string, number>();
  const table = memoryTable();
  const at = (id: string) => NOW - age - receptions.length * 1_000 + receptions.indexOf(id) * 1_000;
  const die = () => {
    died();
    return new Promise<never>(() => {});
  };
  const listed = (id: string, state: Reception['state']): Reception => ({ id, at: at(id), state, listed: { id } });
  const source: MissedSource = {
    lagMs: 45 * MINUTE,
    async undelivered() {
      if (deadly.has('undelivered')) await die();
      return undelivered.map((id) => listed(id, 'failed'));
    },
    between: async (from, to) =>
      receptions
        .filter((id) => at(id) >= from && at(id) <= to && (hidden.get(id) ?? 0) <= now)
        .map((id) => listed(id, 'taken')),
    async know({ id }): Promise<Known> {
      knows.push(id);
      now += slow;
      if (deadly.has(`know/${id}`)) return await die();
      if (unknown.has(id)) throw new Error('the provider returned a message that is no mail');
      return {
        mail: {
          recipients: ['box@in.example.com'],
          ...(storage && { storedAt: `http://127.0.0.1:1/${id}` }),
          content: { headers: [['Message-ID', `<${id}@example.org>`]], files: [] },
        },
        complete: !storage,
        answer: Buffer.from('{}'),
      };
    },
    ...(again && {
      again: async ({ id, state }: Reception) => {
        if (state === 'failed') asked.push(id);
        return state === 'failed';
      },
    }),
  };
  const reconcile = createReconciler({
    environment: {
      providers: keys.map((key) => ({ key, type: 'mailgun', missed: {} })),
      inboundQueueUrl: 'queue',
      mailBucket: 'bucket',
      stateTable: 'table',
      endpoints: { it: 'http://127.0.0.1:1' },
    },
    loadInbound,
    loadMissed: async () => ({ missed: () => source }),
    secrets: { read: async () => ({}) },
    store: { put: async (key) => ({ bucket: 'bucket', key }), get: async () => Buffer.alloc(0) },
    queue: {
      async send(_url, body) {
        const { messageId = '', text } = JSON.parse(body) as InboundMessage;
        const id = messageId.replace(/^<|@.*/g, '');
        if (deadly.has(id) && text !== undefined) await die();
        queue.push(body);
      },
    },
    table,
    fetch: async (url) => {
      const id = new URL(String(url)).pathname.slice(1);
      if (unreachable.has(id)) throw new Error('fetch failed');
      return new Response(`Message-ID: <${id}@example.org>\r\nSubject: one\r\n\r\nwhole\n`);
    },
    log: {
      info: () => {},
      warn: (...line) => log.push(JSON.stringify(line)),
      error: (...line) => log.push(JSON.stringify(line)),
    },
    metrics: {
      add: (name, value, dimensions) => {
        const outcome = dimensions?.outcome ?? '';
        if (name === 'InboundReconciled') counts.set(outcome, (counts.get(outcome) ?? 0) + value);
      },
    },
    clock: { now: () => now, sleep: async () => {} },
  });
  const run = async () => {
    const end = now + 240_000;
    await reconcile(() => end - now);
    now += 5 * MINUTE;
  };
  const world = {
    deadly,
    unknown,
    unreachable,
    asked,
    knows,
    at,
    run,
    /** Runs the reconciler until a mail crashes its process. */
    async runAndDie() {
      const dead = new Promise<void>((resolve) => {
        died = resolve;
      });
      void run();
      await dead;
      now += 5 * MINUTE;
    },
    pass: (ms: number) => {
      now += ms;
    },
    now: () => now - 5 * MINUTE,
    knowTakes: (ms: number) => {
      slow = ms;
    },
    hide: (id: string, until: number) => void hidden.set(id, until),
    arrived: (ids: readonly string[]) => {
      for (const id of ids) arrive(id);
    },
    until: () => table.items.get('reconciler/it')?.['until'] as number | undefined,
    counts: () => Object.fromEntries(counts),
    log: () => log.join('\n'),
    messages: () => queue.map((body) => JSON.parse(body) as InboundMessage),
  };
  return world;

  function arrive(id: string): void {
    const pk = `inbound/${identityOf('box@in.example.com', { messageId: `<${id}@example.org>`, incomplete: false, reception: '' })}`;
    table.items.set(pk, { pk, rev: 1, state: 'done', truncated: false });
  }
}
