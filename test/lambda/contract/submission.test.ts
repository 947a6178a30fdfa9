import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSubmission } from '../../../lambda/contract/submission.ts';

const minimal = { version: 1, from: 'hector@example.com', to: ['ada@example.org'], text: 'Hello' };
const file = { filename: 'a.pdf', contentType: 'application/pdf' };

/** A submission that has every permitted field. */
const full = {
  version: 1,
  id: 'order-1234-receipt',
  class: 'receipts',
  from: { name: 'Hector" <>(', address: 'hector@example.com' },
  to: ['ada@example.org'],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Účet č. 5 嘍',
  text: 'a\r\nb\0',
  html: '<p>a</p>',
  headers: { 'X-Order': '1234', 'In-Reply-To': '<a@b>' },
  attachments: [
    { ...file, content: 'AAA=' },
    {
      filename: 'logo.png',
      contentType: 'image/png',
      s3: { bucket: 'mail', key: 'submissions/a/b c' },
      contentId: 'logo',
    },
  ],
  tracking: { opens: false, clicks: true },
  calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR' },
  tag: 'receipt',
  metadata: { order: '1234' },
  unsubscribe: { url: 'https://example.com/u?a=b', mailto: 'u@example.com' },
  expiresAt: '2026-12-01T00:00:00Z',
  onUnknown: 'ask',
  supersedes: 'order-1233-receipt',
  providers: { only: ['mailgun', 'ses'], except: [] },
};

describe('readSubmission', () => {
  it.each([
    ['the least', minimal],
    ['everything', full],
    ['a cc alone', { ...minimal, to: [], cc: ['ada@example.org'] }],
    ['a bcc alone', { version: 1, from: 'h@example.com', bcc: ['ada@example.org'], html: '<p>' }],
    ['a name of 300 characters', { ...minimal, from: { name: 'x'.repeat(300), address: 'h@example.com' } }],
    ['an empty attachment', { ...minimal, attachments: [{ ...file, content: '' }] }],
    [
      'a media type with a parameter',
      { ...minimal, attachments: [{ ...file, contentType: 'Text/CSV; charset=utf-8', content: '' }] },
    ],
    ['a lone surrogate', { ...minimal, subject: '\ud800' }],
    ['an offset', { ...minimal, expiresAt: '2026-12-01T00:00:00.123+05:30' }],
    ['a mailto URI', { ...minimal, unsubscribe: { mailto: 'mailto:u%2Bx@example.com?subject=stop' } }],
  ])('reads %s as it is', (_, body) => {
    const result = readSubmission(JSON.stringify(body));
    expect(result).toMatchObject({ kind: 'submission' });
    expect(asGiven(result)).toEqual(body);
  });

  it.each(['\ufeff', ''])('reads the bytes of an object that begins with %j', (mark) => {
    const result = readSubmission(Buffer.from(mark + JSON.stringify({ ...minimal, subject: 'Größe' })));
    expect(asGiven(result)).toEqual({ ...minimal, subject: 'Größe' });
  });

  it.each([
    ['{"version":1,"version":1}', 'version: given twice'],
    ['{"from":"a","fr\\u006fm":"b"}', 'from: given twice'],
    ['{"to":[{"address":"a","name":"b"},{"address":"a","address":"a"}]}', 'to[1].address: given twice'],
    ['{"headers":{"X-A":"1","X-B":"2","X-A":"3"}}', 'headers.X-A: given twice'],
    ['{"text":"\\"}{\\"","tracking":{"opens":false,"opens":true}}', 'tracking.opens: given twice'],
    ['{"version":1,"s3":{"bucket":"a","key":"b","key":"c"}}', 's3.key: given twice'],
    ['{"version":2,"anything":[{},{"a":1,"a":2}]}', 'anything[1].a: given twice'],
  ])('refuses %s, which JSON.parse would accept silently', (body, detail) => {
    const result = readSubmission(body);
    expect(result).toMatchObject({ kind: 'problem', problem: { reason: 'Malformed' } });
    expect(result.kind === 'problem' && result.problem.detail).toMatch(detail);
  });

  it.each([
    ['a deep one', '['.repeat(50), 'the message: given more than 32 levels of objects and lists'],
    ['a long one', `[${'0,'.repeat(60_000)}0]`, 'the message: given more than 50000 names and list entries'],
  ])('refuses %s before it is parsed', (_, body, detail) => {
    expect(readSubmission(body)).toMatchObject({
      kind: 'problem',
      problem: { detail: expect.stringContaining(detail) },
    });
  });

  it('accepts the same name in different objects', () => {
    const body = { ...minimal, to: [{ address: 'a@b.example' }, { address: 'c@d.example' }], metadata: { from: 'x' } };
    expect(asGiven(readSubmission(JSON.stringify(body)))).toEqual(body);
  });

  it.each(['\\/', '\\u002f', '\\u002F', '/'])('decodes base64 with a slash written as %s', (slash) => {
    const content = Buffer.from([255, 255, 255, 251, 239, 190, 0]);
    const text = JSON.stringify({ ...minimal, attachments: [{ ...file, content: content.toString('base64') }] });
    const result = readSubmission(text.replaceAll('////', slash.repeat(4)).replaceAll('++', '\\u002b+'));
    expect(result.kind === 'submission' && result.contents.get(0)).toEqual(content);
  });

  it('decodes contents of every length, and reports one that is no base64', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }), (list) => {
        const attachments = list.map((bytes) => ({ ...file, content: Buffer.from(bytes).toString('base64') }));
        const result = readSubmission(JSON.stringify({ ...minimal, attachments, subject: 'Größe' }));
        if (result.kind !== 'submission') throw new Error(result.kind);
        expect([...result.contents.values()].map((bytes) => [...bytes])).toEqual(list.map((bytes) => [...bytes]));
        expect(result.submission.subject).toBe('Größe');
      }),
    );
    const attachments = [
      { ...file, content: 'AAA=' },
      { ...file, content: 'AAA' },
    ];
    expect(detailOf({ ...minimal, attachments })).toMatch('attachments[1].content: given a string of 3 characters');
    const long = `${'AAAA'.repeat(20_000)}AA==${'AAAA'.repeat(20_000)}`;
    expect(detailOf({ ...minimal, attachments: [{ ...file, content: long }] })).toMatch(
      'attachments[0].content: given',
    );
  });

  it.each([
    [
      { 'In-Reply-To': '<a@b>', 'in-reply-to': '<c@d>' },
      'headers.in-reply-to: given a string of 5 characters; expected each header once',
    ],
    [{ 'X-A': '1', 'x-a': '1' }, 'headers.x-a: given a string of 1 character; expected each header once'],
    [{ References: '<ä@b>' }, 'headers.References: given a string of 5 characters; expected message ids'],
    [{ References: 'a@b' }, 'headers.References: given a string of 3 characters; expected message ids'],
    [{ 'In-Reply-To': `<${'a'.repeat(950)}@b>` }, 'headers.In-Reply-To: given'],
    [{ Precedence: 'bülk' }, 'headers.Precedence: given a string of 4 characters; expected words of ASCII'],
    [{ 'List-Help': `<https://example.com/${'x'.repeat(950)}>` }, 'headers.List-Help: given'],
    [{ 'List-Id': 'ä' }, 'headers.List-Id: given a string of 1 character; expected an id of ASCII'],
    [{ 'Errors-To': 'nobody' }, 'headers.Errors-To: given a string of 6 characters; expected an address'],
    [{ 'Errors-To': '"a@example.com' }, 'headers.Errors-To: given'],
    [{ 'X-Note': ' ' }, 'headers.X-Note: given a string of 1 character; expected a value with visible characters'],
  ])('refuses the headers %j', (headers, detail) => {
    expect(detailOf({ ...minimal, headers })).toMatch(detail);
  });

  it.each(['a\u202egpj.exe', '\u2066a', 'a\u2069'])('refuses the file name %j, which reads as another', (filename) => {
    expect(detailOf({ ...minimal, attachments: [{ ...file, content: '', filename }] })).toMatch(
      'attachments[0].filename: given',
    );
  });

  it('reads a pointer', () => {
    const s3 = { bucket: 'mail-bucket', key: 'submissions/ü' };
    expect(readSubmission(JSON.stringify({ version: 1, s3 }))).toEqual({ kind: 'pointer', s3 });
  });

  it('leaves a newer version to a newer deployment, whatever else it contains', () => {
    expect(readSubmission('{"version":2,"anything":{"s3":1}}')).toEqual({ kind: 'future', version: 2 });
    expect(readSubmission('{"version":99999}')).toEqual({ kind: 'future', version: 99999 });
  });

  it.each([0, -1, 1.5, '1', '2', null, true, [2], {}])('refuses version %j at once', (version) => {
    expect(detailOf({ ...minimal, version })).toMatch(/^version: given .+; expected the number 1/);
  });

  it.each(['', '{', 'null', '[]', '"text"', '1', '\ufeff{}', '{"version":1}}'])('refuses the body %j', (body) => {
    const result = readSubmission(body);
    expect(result).toMatchObject({ kind: 'problem', problem: { reason: 'Malformed' } });
  });

  it.each([
    [{ from: undefined }, 'from: given nothing; expected an address'],
    [{ from: null }, 'from: given null; expected an address'],
    [{ from: ['hector@example.com'] }, 'from: given a list of 1; expected an address'],
    [{ from: 'a@example.com, b@example.com' }, 'from: given a string of 28 characters; expected one bare address'],
    [{ to: 'ada@example.org' }, 'to: given a string of 15 characters; expected a list of addresses'],
    [{ to: [] }, 'to: given a list of 0; expected at least one recipient'],
    [{ to: ['ada@example.org', 'secret word'] }, 'to[1]: given a string of 11 characters; expected one address'],
    [{ to: [{ name: 'Ada' }] }, 'to[0].address: given nothing; expected one address'],
    [{ to: [{ address: 'Ada <a@example.org>' }] }, 'to[0].address: given a string of 19 characters; expected one'],
    [{ to: [{ name: 'A\nB', address: 'a@b.example' }] }, 'to[0].name: given a string of 3 characters; expected'],
    [{ to: [{ address: 'a@b.example', email: 'x' }] }, 'to[0].email: unknown field'],
    [{ text: undefined }, 'text: given nothing; expected a "text" or an "html" body'],
    [{ text: '' }, 'text: given a string of 0 characters; expected a "text" or an "html" body'],
    [{ text: 5 }, 'text: given a number; expected the text body'],
    [{ subject: 'a\r\nBcc: eve@example.net' }, 'subject: given a string of 23 characters; expected a subject without'],
    [{ subject: 'a\u010d\u010aBcc: x' }, 'subject: given a string of 9 characters; expected a subject without'],
    [{ subject: 'a\u560d\u560aBcc: x' }, 'subject: given a string of 9 characters; expected a subject without'],
    [{ subject: 'a\0' }, 'subject: given a string of 2 characters; expected a subject without'],
    [{ id: '' }, 'id: given a string of 0 characters; expected 1 to 128 characters'],
    [{ id: 'a b' }, 'id: given a string of 3 characters; expected 1 to 128 characters'],
    [{ id: 'a\n' }, 'id: given a string of 2 characters; expected 1 to 128 characters'],
    [{ id: 'a'.repeat(129) }, 'id: given a string of 129 characters; expected 1 to 128 characters'],
    [{ headers: { 'X-A': 'a\nb' } }, 'headers.X-A: given a string of 3 characters; expected a header value without'],
    [{ headers: { 'X-A': 5 } }, 'headers.X-A: given a number; expected a header value'],
    [
      { headers: { 'X A': 'b' } },
      'headers.(a name of 3 characters): a refused name; expected a header name of letters',
    ],
    [{ headers: { 'X-A\r\nBcc': 'b' } }, 'headers.(a name of 8 characters): a refused name'],
    [{ headers: { '': 'b' } }, 'headers.(a name of 0 characters): a refused name'],
    [
      { headers: { 'list-unsubscribe': '<https://x>' } },
      'headers.list-unsubscribe: a refused name; expected the field "unsubscribe"',
    ],
    [{ headers: [['X-A', 'b']] }, 'headers: given a list of 1; expected an object'],
    [
      { attachments: [file] },
      'attachments[0]: given an object of 2 fields; expected exactly one of "content" and "s3"',
    ],
    [
      { attachments: [{ ...file, content: '', s3: { bucket: 'mail', key: 'submissions/k' } }] },
      'attachments[0]: given an object of 4',
    ],
    [{ attachments: [{ ...file, path: '/etc/passwd' }] }, 'attachments[0].path: unknown field'],
    [{ attachments: [{ ...file, href: 'https://x' }] }, 'attachments[0].href: unknown field'],
    [{ attachments: [{ ...file, content: '', filename: 'a\r\nb' }] }, 'attachments[0].filename: given'],
    [{ attachments: [{ ...file, content: '', contentType: 'a/b\r\nX: y' }] }, 'attachments[0].contentType: given'],
    [{ attachments: [{ ...file, content: '', contentType: 'Multipart/mixed' }] }, 'attachments[0].contentType: given'],
    [{ attachments: [{ ...file, content: '', contentId: 'a>b' }] }, 'attachments[0].contentId: given'],
    [{ tracking: true }, 'tracking: given a boolean; expected an object of "opens" and "clicks"'],
    [{ tracking: { opens: 'yes' } }, 'tracking.opens: given a string of 3 characters; expected true or false'],
    [{ tracking: { links: true } }, 'tracking.links: unknown field'],
    [{ calendar: { method: 'REQUEST' } }, 'calendar.content: given nothing; expected an iCalendar object'],
    [
      { calendar: { method: 'request', content: 'BEGIN:VCALENDAR' } },
      'calendar.method: given a string of 7 characters; expected one of PUBLISH',
    ],
    [
      { calendar: { method: 'REQUEST', content: 'VEVENT' } },
      'calendar.content: given a string of 6 characters; expected an iCalendar object, which',
    ],
    [
      { calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\r\nMETHOD:CANCEL' } },
      'calendar.method: given a string of 7 characters; expected the same method',
    ],
    [{ tag: 'a\nb' }, 'tag: given a string of 3 characters; expected a tag without'],
    [{ metadata: { a: 'b\n' } }, 'metadata.a: given a string of 2 characters; expected a metadata value without'],
    [{ metadata: { a: 1 } }, 'metadata.a: given a number; expected a metadata value'],
    [{ unsubscribe: {} }, 'unsubscribe: given an object of 0 fields; expected a "url"'],
    [
      { unsubscribe: { url: 'http://example.com' } },
      'unsubscribe.url: given a string of 18 characters; expected an https',
    ],
    [{ unsubscribe: { url: 'javascript:alert(1)' } }, 'unsubscribe.url: given'],
    [{ unsubscribe: { url: 'https://a:b@example.com' } }, 'unsubscribe.url: given'],
    [{ unsubscribe: { url: 'https://example.com/>, <https://x' } }, 'unsubscribe.url: given'],
    [{ unsubscribe: { url: `https://example.com/${'é'.repeat(500)}` } }, 'unsubscribe.url: given'],
    [{ unsubscribe: { mailto: 'https://example.com' } }, 'unsubscribe.mailto: given'],
    [{ unsubscribe: { mailto: 'mailto:a@example.com,b@example.com' } }, 'unsubscribe.mailto: given'],
    [{ unsubscribe: { mailto: 'mailto:%' } }, 'unsubscribe.mailto: given'],
    [{ expiresAt: '2026-12-01T00:00:00' }, 'expiresAt: given a string of 19 characters; expected an ISO 8601 time'],
    [{ expiresAt: '2026-02-30T00:00:00Z' }, 'expiresAt: given'],
    [{ expiresAt: 1764547200 }, 'expiresAt: given a number'],
    [{ onUnknown: 'retry' }, 'onUnknown: given a string of 5 characters; expected "ask", "failover" or "hold"'],
    [{ providers: { only: [] } }, 'providers.only: given a list of 0; expected at least one provider key'],
    [{ providers: { only: 'ses' } }, 'providers.only: given a string of 3 characters; expected a list'],
    [{ providers: { first: [] } }, 'providers.first: unknown field'],
    [{ sendAt: 'x' }, 'sendAt: unknown field'],
    [{ 'eve@example.net': 'x' }, '(a name of 15 characters): unknown field'],
    // The error text must not contain field names that look like a code, that repeat a word of the mail, or that are below
    // `metadata` (where a producer chooses the names).
    [{ 'code-4711': 'x' }, '(a name of 9 characters): unknown field'],
    [{ Hector: 'x', subject: 'Dear hector' }, '(a name of 6 characters): unknown field'],
    [{ metadata: { 'ada.lovelace': 1 } }, 'metadata.(a name of 12 characters): given a number'],
    [{ headers: { 'X-Pin-9917': 1 } }, 'headers.(a name of 10 characters): given a number'],
    [{ metadata: { lovelace: 1 }, subject: 'Ada Lovelace' }, 'metadata.(a name of 8 characters): given a number'],
    [{ headers: { 'X-Order': 1 } }, 'headers.X-Order: given a number'],
    [{ s3: { bucket: 'mail', key: 'submissions/k' } }, 'from, to, text: unknown field'],
  ])('refuses %j', (changes, detail) => {
    expect(detailOf({ ...minimal, ...changes }).startsWith(detail), detailOf({ ...minimal, ...changes })).toBe(true);
  });

  it.each([
    'From',
    'to',
    'CC',
    'Bcc',
    'Reply-To',
    'Subject',
    'Date',
    'Sender',
    'Message-ID',
    'Return-Path',
    'Received',
    'Content-Type',
    'Content-Transfer-Encoding',
    'MIME-Version',
    'DKIM-Signature',
    'List-Unsubscribe-Post',
    'X-Mailover-Id',
    'X-PM-Message-Stream',
    'X-SES-Configuration-Set',
    'X-Mailgun-Variables',
    'Resent-To',
  ])('refuses the header %s', (name) => {
    expect(detailOf({ ...minimal, headers: { [name]: 'x' } })).toMatch(`headers.${name}: a refused name`);
  });

  it.each(['AAA', 'AA', 'A===', 'AA=A', 'AB==', 'AAB=', 'AA-_', 'AAAA\n', ' AAAA', 'AAAA====', '=', 'ÄÄÄÄ'])(
    'refuses %j as base64',
    (content) => {
      expect(detailOf({ ...minimal, attachments: [{ ...file, content }] })).toMatch('attachments[0].content: given');
    },
  );

  it('refuses __proto__ instead of ignoring it', () => {
    for (const body of [
      '{"version":1,"from":"h@example.com","to":["a@example.org"],"text":"x","__proto__":{"a":1}}',
      '{"version":1,"from":"h@example.com","to":["a@example.org"],"text":"x","metadata":{"\\u005f_proto__":"1"}}',
      '{"version":1,"from":"h@example.com","to":["a@example.org"],"text":"x","headers":{"__proto__":"1"}}',
    ]) {
      expect(readSubmission(body)).toMatchObject({
        kind: 'problem',
        problem: { detail: expect.stringMatching('__proto__') },
      });
    }
  });

  it('accepts large attachments', () => {
    const content = Buffer.alloc(5_000_000, 7).toString('base64');
    expect(readSubmission(JSON.stringify({ ...minimal, attachments: [{ ...file, content }] })).kind).toBe('submission');
  });

  it('answers any JSON without throwing, in few words', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(full)), (value, field) => {
        const result = readSubmission(JSON.stringify({ ...full, [field]: value }));
        if (result.kind === 'problem') expect(result.problem.detail.length).toBeLessThan(600);
      }),
    );
  });

  it('never repeats the given values', () => {
    const canary = 'canary-7f3a';
    for (const field of Object.keys(full).filter((name) => name !== 'text' && name !== 'html')) {
      for (const value of [
        `${canary}\n`,
        [`${canary}\n`],
        { [`${canary}\n`]: `${canary}\n` },
        [{ address: `${canary}\n` }],
      ]) {
        expect(detailOf({ ...full, [field]: value })).not.toContain(canary);
      }
    }
  });
});

/** Returns the result of reading a submission, with the contents of attachments encoded again as in the submission. */
function asGiven(result: ReturnType<typeof readSubmission>): unknown {
  if (result.kind !== 'submission') return result;
  const { submission, contents } = result;
  return {
    ...submission,
    ...(submission.attachments && {
      attachments: submission.attachments.map((attachment, place) => {
        const content = contents.get(place);
        return content ? { ...attachment, content: content.toString('base64') } : attachment;
      }),
    }),
  };
}

function detailOf(body: unknown): string {
  const result = readSubmission(JSON.stringify(body));
  if (result.kind !== 'problem') throw new Error(`read as ${result.kind}`);
  return result.problem.detail;
}
