import { expect, it } from 'vitest';
import { DEAD_LETTER_REASONS, PROVEN_ATTRIBUTES } from '../../../lambda/contract/dead-letter.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const COUNT = Number(process.env['MAILOVER_HOSTILE'] ?? 2_000);
const PLANT = 'planted-7f3a';

/** Numbers in [0, 1), repeatable by seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(11);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const OUTCOMES: readonly Outcome[] = [
  { kind: 'accepted', providerMessageId: '1' },
  { kind: 'refused', blames: 'message', reason: 'format' },
  { kind: 'unavailable', blames: 'outage', reason: 'server-error' },
  { kind: 'unknown', reason: 'no-answer' },
];
const EVIL: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  PLANT,
  `${PLANT}\r\nBcc: ${PLANT}@example.net`,
  '\u0000\u2028\ud800',
  '\u{1f4a9}'.repeat(50),
  [],
  [[PLANT]],
  { 'unheard-of': PLANT },
  { address: `${PLANT}@example.org`, name: `${PLANT}"<>\r\n` },
  `${PLANT}@example.org`,
  'mailover-canary:out:postmark:1',
  '__proto__',
  ['postmark', PLANT],
  { only: ['postmark'] },
  { only: [PLANT], except: ['__proto__'] },
  '2100-01-01T00:00:00Z',
  { bucket: PLANT, key: '../../etc' },
];
const FIELDS = [
  'version',
  'id',
  'class',
  'from',
  'to',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'text',
  'html',
  'headers',
  'attachments',
  'metadata',
  'tag',
  'unsubscribe',
  'expiresAt',
  'onUnknown',
  'supersedes',
  'providers',
  's3',
  '__proto__',
  'constructor',
  'unheard-of',
  PLANT,
  `${PLANT}@example.org`,
];

function hostileBody(place: number): string {
  const mail: Record<string, unknown> = {
    version: 1,
    id: `order-${place}`,
    class: pick(['payslips', 'login-codes', 'news']),
    from: `${PLANT}@example.com`,
    to: [`${PLANT}@example.org`],
    subject: PLANT,
    text: PLANT,
  };
  if (random() < 0.3) delete mail['id'];
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) mail[pick(FIELDS)] = pick(EVIL);
  // An id may be logged, as every producer's is.
  if (String(mail['id']).includes(PLANT)) mail['id'] = `order-${place}`;
  const json = JSON.stringify(mail);
  return random() < 0.1 ? json.slice(0, Math.floor(random() * json.length)) || '{' : json;
}

function hostileAttributes(): Record<string, string> {
  const names = [...PROVEN_ATTRIBUTES, 'Proof', 'Detail', PLANT];
  const values = [
    PLANT,
    `${PLANT}\r\nX: ${PLANT}`,
    '2100-01-01T00:00:00Z',
    '2000-01-01T00:00:00Z',
    '0,1,2',
    '-1',
    'NaN',
    '{}',
    '[{"provider":"postmark","kind":"unknown","at":1}]',
    'mailover-canary:out:postmark:1',
    'order-1',
    'A'.repeat(43),
    ...DEAD_LETTER_REASONS,
  ];
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 8) }, () => [pick(names), pick(values)] as const),
  );
}

it(`${COUNT} hostile messages crash nothing, lose nothing and leave nothing behind that they held`, {
  timeout: 60_000 + COUNT * 10,
}, async () => {
  const ends: Record<string, number> = {};
  for (let place = 0; place < COUNT; place++) {
    const world = givenWorld({
      postmark: Array.from({ length: 4 }, () => pick(OUTCOMES)),
      mailgun: Array.from({ length: 4 }, () => pick(OUTCOMES)),
    });
    const body = hostileBody(place);
    const record = { attributes: hostileAttributes(), sentAt: world.now, messageId: `message-${place}` };
    // Only a version that a future release may read stays on the queue until its last receive.
    const end = await world.send(sqsRecord(body, record)).then(
      () => 'ended',
      (error: Error) => error.name,
    );
    if (end !== 'ended') {
      expect([body, end]).toEqual([body, 'NewerVersionError']);
      await world.send(sqsRecord(body, { ...record, receiveCount: 5 }));
    }

    const homes = world.sent.map(({ queue }) => queue).filter((queue) => queue !== 'events');
    const done = Object.values(Object.fromEntries(world.table.items)).some((item) => item['state'] === 'done');
    expect([body, homes.length + Number(done)]).toEqual([body, 1]);
    for (const { queue, body: kept, attributes } of world.sent) {
      if (queue !== 'events') expect(kept).toBe(body);
      expect(JSON.stringify(attributes)).not.toContain(PLANT);
      expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
    }
    expect(world.lines.filter((line) => line.includes(PLANT))).toEqual([]);
    const home = homes[0] ?? 'done';
    ends[home] = (ends[home] ?? 0) + 1;
  }
  // Every kind of end has occurred.
  expect(Object.keys(ends).toSorted()).toEqual(
    expect.arrayContaining(['dead', 'done', 'retry-mailgun', 'retry-postmark']),
  );
});
