import { createHash } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { deliveryEvent, eventItem } from '../../../lambda/events/event-item.ts';
import type { ReportedEvent } from '../../../lambda/providers/event.ts';
import type { SubmissionRecord } from '../../../lambda/submission/record.ts';
import { deliveryReader } from '../../../local/api/deliveries.ts';
import { SubmissionLog } from '../../../local/api/submission-log.ts';
import { addSubmissions, stateOf } from '../../../local/api/submissions.ts';
import { createMessage, S3StoreClass } from '../../../local/aws/fauxqs.ts';
import { LocalQueues } from '../../../local/aws/queue.ts';
import { StackClock } from '../../../local/clock.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const attempt = {
  worker: 'w',
  number: 1,
  provider: 'postmark',
  account: { type: 'postmark' },
  begun: NOW - 9,
  each: 'n',
  ended: NOW,
} as const;
const record: SubmissionRecord = {
  pk: 'submission/a',
  rev: 1,
  hash: 'h',
  origin: 'm-1',
  firstSeen: NOW,
  state: 'open',
  worker: 'w',
  lineage: 'unknown',
  attempts: [],
  done: [],
  redrives: 0,
};
const lease = { owner: 'w', until: NOW + 1 };

it.each<[string, Partial<SubmissionRecord>]>([
  ['waiting', {}],
  ['waiting', { lease: { ...lease, until: NOW } }],
  ['in-flight', { lease }],
  ['dead', { state: 'dead', reason: 'Refused' }],
  [
    'accepted',
    {
      state: 'done',
      attempts: [
        { ...attempt, outcome: 'throttled' },
        { ...attempt, outcome: 'accepted' },
      ],
    },
  ],
  ['suppressed', { state: 'done', suppressed: true }],
  ['waiting', { nextTryAt: NOW - 9 * 3_600_000 }],
])('a submission is %s', (state, change) => {
  expect(stateOf({ record: { ...record, ...change } }, NOW)).toBe(state);
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const MAIL = { version: 1, from: 'shop@example.com', subject: 'Your receipt', text: 'Hello' };

describe('GET /api/submissions/ID', () => {
  it('has class and recipients of the producer, also of a submission that no worker has claimed', async () => {
    const world = givenWorld();
    world.sent({
      ...MAIL,
      id: 'orders/1',
      class: 'receipts',
      to: ['ada@example.org', { name: 'Bo', address: 'bo@example.org' }],
      cc: ['ada@example.org'],
      bcc: [{ address: 'cy@example.org' }],
    });

    expect(await world.get('/api/submissions/orders/1')).toEqual({
      id: 'orders/1',
      state: 'waiting',
      firstSeen: expect.stringMatching(/Z$/),
      class: 'receipts',
      subject: 'Your receipt',
      recipients: ['ada@example.org', 'bo@example.org', 'cy@example.org'],
      attempts: [],
      attemptCount: 0,
      done: [],
      events: [],
      deliveries: [],
    });
  });

  it('reads a submission that lies in the bucket', async () => {
    const world = givenWorld();
    world.stored('submissions/1', { ...MAIL, id: 'large-1', class: 'invoices', to: ['ada@example.org'] });
    world.sent({ version: 1, s3: { bucket: 'mail', key: 'submissions/1' } });

    expect(await world.get('/api/submissions/large-1')).toMatchObject({
      class: 'invoices',
      recipients: ['ada@example.org'],
    });
  });

  it('says when a waiting submission is tried next, also after time runs faster', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'order-1', to: ['ada@example.org'] });
    await world.table.write({ ...record, pk: 'submission/order-1' }, undefined);
    const inAnHour = Date.now() + 3_600_000;
    world.waits('order-1', inAnHour);
    const next = async () => {
      const { nextTryAt } = (await world.get('/api/submissions/order-1')) as { nextTryAt: string };
      return Date.parse(nextTryAt);
    };
    expect(await next()).toBe(inAnHour);

    world.clock.setScale(60);

    expect(Math.abs((await next()) - (Date.now() + 60_000))).toBeLessThan(5_000);
    await world.table.write({ ...record, pk: 'submission/order-1', state: 'done' }, 1);
    expect(await world.get('/api/submissions/order-1')).not.toHaveProperty('nextTryAt');
  });

  it('has reason and detail of a dead letter, even if no worker ever claimed the submission', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'bad-1', to: ['nonsense'] });
    world.sent({ ...MAIL, id: 'refused-1', to: ['ada@example.org'] });
    await world.table.write({ ...record, pk: 'submission/refused-1', state: 'dead', reason: 'Refused' }, undefined);

    world.dies('bad-1', 'Malformed', 'to[0]: given a word without @; it must be an address');
    world.dies('refused-1', 'Refused', 'refused by postmark and mailgun for 1 of 1 recipients');

    expect(await world.get('/api/submissions/bad-1')).toMatchObject({
      state: 'dead',
      reason: 'Malformed',
      detail: 'to[0]: given a word without @; it must be an address',
    });
    expect(await world.get('/api/submissions/refused-1')).toMatchObject({
      state: 'dead',
      reason: 'Refused',
      detail: 'refused by postmark and mailgun for 1 of 1 recipients',
    });
  });

  it('is not changed by another mail that was refused for having the same id', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'order-1', to: ['ada@example.org'] });
    world.sent({ ...MAIL, id: 'order-1', to: ['bo@example.org'], class: 'other' });
    world.dies('order-1', 'IdConflict', 'id: given one that another content has already');

    expect(await world.get('/api/submissions/order-1')).toMatchObject({
      state: 'waiting',
      recipients: ['ada@example.org'],
    });
  });

  it('has the providers that were skipped, each before the attempt that followed', async () => {
    const world = givenWorld();
    const attempts = [
      { ...attempt, number: 1, provider: 'ses', begun: NOW, outcome: 'throttled' as const },
      { ...attempt, number: 2, provider: 'mailgun', begun: NOW + 60_000, outcome: 'accepted' as const },
    ];
    const id = 'ada@example.org/1';
    world.sent({ ...MAIL, id, to: ['ada@example.org'] });
    await world.table.write({ ...record, pk: `submission/${id}`, state: 'done', attempts }, undefined);
    // An id with an address is logged as its hash.
    const submissionId = createHash('sha256').update(id).digest('base64url');
    const line = (fields: object, at: number) =>
      world.log.takeLine(JSON.stringify({ ...fields, submissionId, timestamp: new Date(at).toISOString() }));
    const skipped = JSON.stringify({ postmark: 'open', 'own-mta': 'too large: 9 bytes, at most 1' });

    line({ message: 'attempt', attempt: 1, provider: 'ses', skipped }, NOW + 500);
    line({ message: 'attempt', attempt: 1, provider: 'ses', skipped }, NOW + 500);
    line({ message: 'no provider tried', skipped: JSON.stringify({ postmark: 'held' }) }, NOW + 30_000);
    line({ message: 'attempt', attempt: 2, provider: 'mailgun' }, NOW + 60_500);

    const { attempts: shown } = (await world.get(`/api/submissions/${encodeURIComponent(id)}`)) as {
      attempts: { provider: string; outcome: string; reason?: string }[];
    };
    expect(shown.map(({ provider, outcome, reason }) => [provider, outcome, reason])).toEqual([
      ['postmark', 'skipped', 'open'],
      ['own-mta', 'skipped', 'too large: 9 bytes, at most 1'],
      ['ses', 'throttled', undefined],
      ['postmark', 'skipped', 'held'],
      ['mailgun', 'accepted', undefined],
    ]);
  });

  it('has the state of the delivery to each recipient, and every event', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'order-1', to: ['ada@example.org', 'bo@example.org'] });
    const reference = { submissionId: 'order-1', attempt: 1 };
    await world.reported({
      type: 'bounced',
      bounce: 'hard',
      eventId: 'b',
      recipient: 'bo@example.org',
      reference,
      at: NOW + 9,
    });
    await world.reported({ type: 'accepted', eventId: 'a', recipient: 'ada@example.org', reference, at: NOW });

    expect(await world.get('/api/submissions/order-1')).toMatchObject({
      deliveries: [
        { state: 'accepted', recipient: 'ada@example.org', provider: 'postmark' },
        { state: 'bounced', recipient: 'bo@example.org', bounce: 'hard' },
      ],
      events: [
        { type: 'accepted', recipient: 'ada@example.org', at: '2026-11-28T12:00:00.000Z', attempt: 1 },
        { type: 'bounced', recipient: 'bo@example.org' },
      ],
    });
  });

  it('answers 404 for an id that no submission has', async () => {
    const world = givenWorld();
    expect((await world.app.inject('/api/submissions/none')).statusCode).toBe(404);
  });
});

describe('GET /api/submissions', () => {
  it('lists the newest first, by pages', async () => {
    const world = givenWorld();
    for (let number = 1; number <= 130; number++)
      world.sent({ ...MAIL, id: `order-${number}`, to: ['ada@example.org'] });

    expect(await world.ids('?limit=2')).toEqual(['order-130', 'order-129']);
    expect(await world.ids('?limit=2&before=order-129')).toEqual(['order-128', 'order-127']);
    expect(await world.ids('')).toHaveLength(50);
    expect((await world.app.inject('/api/submissions?before=none')).statusCode).toBe(400);
    expect((await world.app.inject('/api/submissions?limit=0')).statusCode).toBe(400);
  });

  it('finds by id, address, words of the subject, class, state and provider', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'order-1', class: 'receipts', to: ['Ada@example.org'] });
    world.sent({ ...MAIL, id: 'order-2', subject: 'Reset your password', to: ['bo@example.org'] });
    world.sent({ ...MAIL, id: 'order-3', to: ['nonsense'] });
    const accepted = { ...attempt, outcome: 'accepted' as const };
    await world.table.write({ ...record, pk: 'submission/order-1', state: 'done', attempts: [accepted] }, undefined);
    world.dies('order-3', 'Malformed', 'to');
    world.leaves('order-1');

    expect(await world.ids('?query=ada@')).toEqual(['order-1']);
    expect(await world.ids('?query=RESET')).toEqual(['order-2']);
    expect(await world.ids('?query=order-')).toEqual(['order-3', 'order-2', 'order-1']);
    expect(await world.ids('?class=receipts')).toEqual(['order-1']);
    expect(await world.ids('?provider=postmark')).toEqual(['order-1']);
    expect(await world.ids('?state=accepted')).toEqual(['order-1']);
    expect(await world.ids('?state=dead')).toEqual(['order-3']);
    expect(await world.ids('?state=waiting')).toEqual(['order-2']);
    expect((await world.app.inject('/api/submissions?state=gone')).statusCode).toBe(400);
  });

  it('reads few of many records for any state and provider', async () => {
    const world = givenWorld();
    for (let number = 1; number <= 2_000; number++) {
      const id = `order-${number}`;
      world.sent({ ...MAIL, id, to: ['ada@example.org'] });
      world.log.takeLine(
        JSON.stringify({ message: 'attempt', submissionId: id, attempt: 1, provider: 'postmark', outcome: 'accepted' }),
      );
      const done = { ...record, pk: `submission/${id}`, state: 'done' as const };
      await world.table.write({ ...done, attempts: [{ ...attempt, outcome: 'accepted' as const }] }, undefined);
    }
    world.queues.outbound.messages = [];
    const refused = [{ ...attempt, outcome: 'refused' as const }];
    world.sent({ ...MAIL, id: 'suppressed-1', to: ['ada@example.org'] });
    await world.table.write(
      { ...record, pk: 'submission/suppressed-1', state: 'done', suppressed: true, attempts: refused },
      undefined,
    );
    world.leaves('suppressed-1');
    world.sent({ ...MAIL, id: 'claimed-1', to: ['ada@example.org'] });
    world.queues.outbound.dequeue(1);
    const claimed = { ...record, pk: 'submission/claimed-1', lease: { owner: 'w', until: Date.now() + 60_000 } };
    await world.table.write(claimed, undefined);
    world.sent({ ...MAIL, id: 'waiting-1', to: ['ada@example.org'] });
    world.sent({ ...MAIL, id: 'moved-1', to: ['ada@example.org'] });
    await world.table.write({ ...record, pk: 'submission/moved-1' }, undefined);
    const moved = world.leaves('moved-1');
    if (moved) world.queues.deadLetter.enqueue(moved);

    for (const [query, ids] of [
      ['state=waiting', ['waiting-1']],
      ['state=in-flight', ['claimed-1']],
      ['state=dead', ['moved-1']],
      ['state=suppressed', ['suppressed-1']],
      ['state=accepted', ['order-2000', 'order-1999']],
      ['provider=ses', []],
    ] as const) {
      const before = world.reads.keys;
      expect(await world.ids(`?limit=2&${query}`)).toEqual(ids);
      expect(world.reads.keys - before).toBeLessThanOrEqual(100);
    }
  });
});

describe('POST /api/submissions/ID/resend', () => {
  it('sends only a dead letter to the outbound queue, with its attributes', async () => {
    const world = givenWorld();
    world.sent({ ...MAIL, id: 'order-1', to: ['ada@example.org'] });
    world.queues.outbound.messages = [];
    expect((await world.resend('order-1')).statusCode).toBe(409);
    world.dies('order-1', 'Exhausted', 'no provider accepted it within four days');

    expect((await world.resend('order-1')).statusCode).toBe(202);

    expect(world.queues.deadLetter.messages).toEqual([]);
    expect(world.queues.outbound.messages).toMatchObject([
      { messageAttributes: { Reason: { StringValue: 'Exhausted' }, SubmissionId: { StringValue: 'order-1' } } },
    ]);
    expect(await world.get('/api/submissions/order-1')).toMatchObject({ state: 'waiting' });
    expect((await world.resend('order-1')).statusCode).toBe(409);
    expect((await world.resend('none')).statusCode).toBe(404);
  });
});

function givenWorld() {
  const clock = new StackClock();
  const all = new LocalQueues(clock);
  const attributes = { MessageRetentionPeriod: '1209600', VisibilityTimeout: '30' };
  const queues = {
    outbound: all.add('outbound', attributes),
    retry: [all.add('retry', attributes)],
    deadLetter: all.add('dead', attributes),
  };
  const buckets = new S3StoreClass();
  buckets.createBucket('mail');
  const log = new SubmissionLog(queues, buckets, clock);
  const memory = memoryTable();
  const reads = { keys: 0 };
  const table: typeof memory = {
    ...memory,
    getAll(keys) {
      reads.keys += keys.length;
      return memory.getAll(keys);
    },
  };
  const app: FastifyInstance = Fastify();
  const lists = memoryLists();
  const deliveries = deliveryReader(lists, async (address) => [`hash of ${address}`]);
  addSubmissions(app, { state: () => table, submissions: () => log, deliveries: () => deliveries });
  closers.push(() => app.close());
  const put = (queue: (typeof queues)['outbound'], body: object, texts: Record<string, string> = {}) =>
    queue.enqueue(
      createMessage(
        JSON.stringify(body),
        Object.fromEntries(
          Object.entries(texts).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
        ),
      ),
    );
  const get = async (path: string): Promise<unknown> => (await app.inject(path)).json();
  return {
    app,
    clock,
    log,
    queues,
    reads,
    table,
    reported: (event: ReportedEvent) =>
      lists.add(eventItem(deliveryEvent('postmark', event, NOW), `hash of ${event.recipient}`, NOW)),
    leaves: (id: string) => queues.outbound.take(({ body }) => body.includes(`"${id}"`)),
    sent: (body: object) => put(queues.outbound, body),
    stored: (key: string, body: object) =>
      buckets.putObject('mail', key, Buffer.from(JSON.stringify(body)), 'application/json'),
    waits: (SubmissionId: string, due: number) =>
      put(queues.retry[0] as (typeof queues)['outbound'], MAIL, {
        SubmissionId,
        NotBefore: new Date(due).toISOString(),
      }),
    dies: (SubmissionId: string, Reason: string, Detail: string) =>
      put(queues.deadLetter, MAIL, { SubmissionId, Reason, Detail }),
    get,
    ids: async (query: string) => ((await get(`/api/submissions${query}`)) as { id: string }[]).map(({ id }) => id),
    resend: (id: string) => app.inject({ method: 'POST', url: `/api/submissions/${id}/resend` }),
  };
}
