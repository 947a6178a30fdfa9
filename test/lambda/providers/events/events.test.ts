import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { normalised } from '../../../../lambda/inbound/normalise-content.ts';
import { readFully } from '../../../../lambda/inbound/read-fully.ts';
import type { ReadEvents, ReportedEvent } from '../../../../lambda/providers/event.ts';
import { readEvents as readMailgun } from '../../../../lambda/providers/mailgun/events.ts';
import { readEvents as readPostmark } from '../../../../lambda/providers/postmark/events.ts';
import { readEvents as readSendgrid } from '../../../../lambda/providers/sendgrid/events.ts';
import { readEvents as readSes } from '../../../../lambda/providers/ses/events.ts';
import { readReport } from '../../../../lambda/providers/smtp/events.ts';
import { suppressionBy } from '../../../../lambda/suppression/reason.ts';

interface Case {
  readonly name: string;
  readonly body: unknown;
  readonly expect: Readonly<Record<string, unknown>> & { readonly submissionId?: null; readonly suppresses?: string };
}

const reportIn = (mime: string) =>
  readReport(normalised(readFully(Buffer.from(mime), { recipients: [], content: { headers: [], files: [] } })));
const bytes = (body: unknown) => Buffer.from(JSON.stringify(body));
const READERS: Readonly<Record<string, (body: unknown) => ReadEvents>> = {
  mailgun: (body) => readMailgun(Object(body)),
  postmark: (body) => readPostmark(bytes(body)),
  sendgrid: (body) => readSendgrid(bytes(body)),
  ses: (body) => readSes(bytes(body)),
  smtp: (body) => ({ kind: 'events', events: reportIn(String(body)) }),
};

const cases = Object.keys(READERS).flatMap((type) =>
  (JSON.parse(readFileSync(new URL(`./${type}.json`, import.meta.url), 'utf8')) as Case[]).map((one) => ({
    type,
    ...one,
  })),
);

function eventsIn(type: string, body: unknown): readonly ReportedEvent[] {
  const read = READERS[type]?.(body);
  if (read?.kind !== 'events') throw new Error(`${read?.kind}`);
  return read.events;
}

describe('recorded events', () => {
  test.each(cases)('$type: $name', ({ type, body, expect: expected }) => {
    const { submissionId, suppresses, ...fields } = expected;

    const [event, ...more] = eventsIn(type, body);

    expect(more).toEqual([]);
    expect(event).toMatchObject(fields);
    if (event === undefined) return;
    expect({ bounce: event.bounce, reason: event.reason, machine: event.machine, recipient: event.recipient }).toEqual({
      bounce: fields['bounce'],
      reason: fields['reason'],
      machine: fields['machine'],
      recipient: fields['recipient'],
    });
    expect(suppressionBy(event)).toBe(suppresses);
    expect(event.reference.submissionId).toBe(submissionId === null ? undefined : 'order-1234-receipt');
    expect(event.detail ?? '').not.toMatch(/@/);
  });

  test('are at least ninety, of every type', () => {
    expect(cases.length).toBeGreaterThanOrEqual(90);
  });

  test.each(['mailgun', 'postmark', 'sendgrid', 'ses'])('have different ids at %s', (type) => {
    const ids = cases
      .filter((one) => one.type === type && !one.name.includes(', by '))
      .map(({ body }) => eventsIn(type, body)[0]?.eventId);

    // For SES fewer different ids are expected: the recorded bounces and complaints of SES are about one mail, and have the same
    // feedback id.
    expect(new Set(ids).size).toBeGreaterThanOrEqual(type === 'ses' ? 10 : ids.length);
  });

  test.each(['mailgun', 'postmark', 'sendgrid', 'ses'])('have class, attempt, tag and metadata at %s', (type) => {
    for (const { body } of cases.filter((one) => one.type === type))
      expect(eventsIn(type, body)[0]).toMatchObject({
        reference: { class: 'receipts', attempt: 2 },
        tag: 'receipt',
        metadata: { order: '1234' },
      });
  });
});

describe('other content', () => {
  test('is told apart from events', () => {
    expect(readMailgun({ 'event-data': {} })).toEqual({ kind: 'unreadable', detail: 'no event' });
    expect(readPostmark(bytes({ RecordType: 'Inbound' }))).toEqual({ kind: 'mail' });
    expect(readPostmark(bytes([]))).toEqual({ kind: 'unreadable', detail: 'no RecordType' });
    expect(readSendgrid(bytes({}))).toEqual({ kind: 'unreadable', detail: 'no list of events' });
    expect(readSendgrid(bytes([{ email: 'a@b.c' }]))).toEqual({ kind: 'unreadable', detail: 'no event in the list' });
    expect(readSes(bytes({ notificationType: 'Received', mail: {} }))).toEqual({ kind: 'mail' });
    expect(readSes(bytes({ any: 1 }))).toEqual({ kind: 'unreadable', detail: 'no event of SES' });
    expect(readSes('Successfully validated SNS topic for Amazon SES event publishing.')).toEqual({
      kind: 'events',
      events: [],
    });
    expect(reportIn('Subject: hi\r\n\r\ntext')).toEqual([]);
  });

  test('with fields of any type never makes a reader fail', () => {
    const values = [null, 0, [[]], 'x', { a: [1] }];
    const some = Object.values(Object.groupBy(cases, ({ type }) => type)).flatMap((list = []) =>
      list.filter((_, place) => place % 9 === 1),
    );
    for (const { type, body } of some.filter((one) => one.type !== 'smtp'))
      for (const value of values)
        for (const spoilt of spoil(body, value)) expect(() => READERS[type]?.(spoilt)).not.toThrow();
  });

  test('has no reference if its submission id does not match the id in its handle', () => {
    for (const { type, body } of cases.filter((one) => one.type !== 'smtp' && !one.name.includes(', by '))) {
      const text = JSON.stringify(body)
        .replaceAll('order-1234-receipt', 'order-1234-other')
        .replaceAll('b3JkZXItMTIzNC1yZWNlaXB0', 'b3JkZXItMTIzNC1vdGhlcg');
      expect(eventsIn(type, JSON.parse(text))[0]?.reference).toEqual({});
    }
  });
});

/** Yields copies of the body. In each copy one field, at any depth, is replaced by `value`. */
function* spoil(body: unknown, value: unknown): Generator<unknown> {
  if (typeof body !== 'object' || body === null) return;
  for (const [name, child] of Object.entries(body)) {
    const withField = (one: unknown) => (Array.isArray(body) ? [one] : { ...body, [name]: one });
    yield withField(value);
    for (const inner of spoil(child, value)) yield withField(inner);
  }
}
