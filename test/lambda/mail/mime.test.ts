import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { givenMessage } from './given-message.ts';
import { headerFields, readEncodedWords, readMailbox } from './read-back.ts';

describe('composeMime', () => {
  it('writes the headers of the message and no Bcc', async () => {
    const mime = await composeMime(
      givenMessage({ cc: [{ address: 'cc@example.net' }], bcc: [{ address: 'hidden@example.net' }] }),
    );

    const fields = headerFields(mime);
    expect(fields.slice(0, 5)).toEqual([
      ['From', '"Hector\\" <>(" <hector@example.com>'],
      ['To', 'ada@example.org'],
      ['Cc', 'cc@example.net'],
      ['Subject', 'Hello'],
      ['X-Mailover-Id', 'order-1'],
    ]);
    expect(fields).toContainEqual(['Message-ID', '<handle@example.com>']);
    expect(fields).toContainEqual(['Date', 'Tue, 01 Dec 2026 10:20:30 +0000']);
    expect(mime.toString()).not.toMatch(/bcc|hidden/i);
  });

  it.each([
    ['short lines of ASCII', 'Hello\nAda', '7bit'],
    ['a long line of ASCII', 'Hello '.repeat(20), 'quoted-printable'],
    ['some letters beyond ASCII', 'Grüße an Zoë, und bis bald im schönen Köln', 'quoted-printable'],
    ['mostly letters beyond ASCII', 'Здравствуйте, Ада', 'base64'],
    ['a control character', 'a text with \u0001 in it', 'quoted-printable'],
  ])('encodes %s in the shortest way that keeps it', async (_, text, encoding) => {
    for (const body of [{ text }, { text: 'x', html: text }]) {
      const mime = await composeMime(givenMessage(body));

      const encodings = [...mime.toString('latin1').matchAll(/^Content-Transfer-Encoding: (\S+)\r$/gm)];
      expect(encodings.at(-1)?.[1]).toBe(encoding);
      const read = await simpleParser(mime);
      expect(('html' in body ? read.html : read.text) || '').toContain(text);
    }
  });

  it('writes each header of its own once', async () => {
    const names = headerFields(await composeMime(givenMessage({}))).map(([name]) => name.toLowerCase());

    expect(names.length).toBe(new Set(names).size);
  });

  it('names undisclosed recipients when all are blind', async () => {
    const fields = headerFields(await composeMime(givenMessage({ to: [], bcc: [{ address: 'a@example.net' }] })));

    expect(fields).toContainEqual(['To', 'undisclosed-recipients:;']);
  });

  it('folds many long mailboxes between their parts only', async () => {
    const to = Array.from({ length: 50 }, (_, index) => ({
      name: index % 2 ? `Łukasz ${'é'.repeat(index * 5)}` : `"Comma, ${index}"`,
      address: index % 3 ? `a${index}@example.org` : `"a  b, ${index}"@example.org`,
    }));

    const mime = await composeMime(givenMessage({ to }));

    expect(longestLine(mime)).toBeLessThanOrEqual(120);
    const field = headerFields(mime).find(([name]) => name === 'To')?.[1] ?? '';
    const written = field.split(/, (?=(?:"Co|\\"|"\\"|=\?))/);
    expect(written.map((text) => readLoose(text))).toEqual(to);
  });

  it('keeps every header value, however it is folded', async () => {
    const values = ['x'.repeat(3000), ' a  b ', '=?UTF-8?Q?x?=', 'é'.repeat(500), 'word '.repeat(300).trim(), '\ttab'];
    const headers = values.map((value, index) => [`X-Value-${index}`, value] as const);

    const mime = await composeMime(givenMessage({ headers }));

    expect(longestLine(mime)).toBeLessThanOrEqual(998);
    const fields = new Map(headerFields(mime));
    for (const [name, value] of headers) {
      const read = fields.get(name) ?? '';
      expect(read.startsWith('=?') ? readEncodedWords(read) : read).toBe(value.trim());
    }
  });

  it('leaves structured headers as they are', async () => {
    const references = Array.from({ length: 40 }, (_, index) => `<${index}.${'a'.repeat(60)}@example.com>`).join(' ');
    const unsubscribe = `<https://example.com/${'u'.repeat(780)}>, <mailto:u@example.com>`;

    const fields = headerFields(
      await composeMime(
        givenMessage({
          headers: [
            ['References', references],
            ['List-Unsubscribe', unsubscribe],
          ],
        }),
      ),
    );

    expect(fields).toContainEqual(['References', references]);
    expect(fields).toContainEqual(['List-Unsubscribe', unsubscribe]);
  });

  it('keeps inline images next to the html and attachments outside of it', async () => {
    const mime = await composeMime(
      givenMessage({
        html: '<img src="cid:logo@x">',
        attachments: [
          { filename: 'Übersicht "1".pdf', contentType: 'application/pdf', content: Buffer.from([0, 255, 13, 10, 10]) },
          { filename: 'logo.png', contentType: 'image/png', content: Buffer.from('png'), contentId: 'logo@x' },
          { filename: 'empty.txt', contentType: 'text/plain; charset=utf-8', content: Buffer.alloc(0) },
        ],
      }),
    );

    const { attachments } = await simpleParser(mime, { skipImageLinks: true });
    const seen = attachments.map(({ filename, contentType, contentDisposition, cid, content }) => [
      filename,
      contentType,
      contentDisposition,
      cid,
      [...content],
    ]);
    expect(seen).toEqual([
      ['logo.png', 'image/png', 'inline', 'logo@x', [...Buffer.from('png')]],
      ['Übersicht "1".pdf', 'application/pdf', 'attachment', undefined, [0, 255, 13, 10, 10]],
      ['empty.txt', 'text/plain', 'attachment', undefined, []],
    ]);
    expect(mime.toString()).toContain("filename*=utf-8''%C3%9Cbersicht");
  });

  it.each([
    ['ASCII in CRLF lines', 'Subject: x\r\n\r\nbody\r\n', 'message/rfc822'],
    ['bare LF', 'Subject: x\n\nbody\n', 'application/octet-stream'],
    ['8 bits', 'Subject: é\r\n\r\n', 'application/octet-stream'],
    ['a long line', `Subject: ${'x'.repeat(2000)}\r\n\r\n`, 'application/octet-stream'],
  ])('attaches a mail with %s byte for byte', async (_, text, contentType) => {
    const content = Buffer.from(text);
    const mime = await composeMime(
      givenMessage({ attachments: [{ filename: 'mail.eml', contentType: 'message/rfc822', content }] }),
    );

    expectSevenBit(mime);
    const encoded = contentType === 'message/rfc822' ? text : content.toString('base64').slice(0, 76);
    expect(mime.toString()).toContain(`Content-Type: ${contentType}; name=mail.eml`);
    expect(mime.toString()).toContain(encoded);
  });

  it('has no bare CR or LF, no 8-bit byte and no long line, for any bodies', async () => {
    const text = `.\r.\n.\r\n${'é'.repeat(2000)}\0\n${'x'.repeat(5000)}\ud800`;

    const mime = await composeMime(givenMessage({ text, html: `<p>${text}</p>`, subject: '\u010d\u010aBcc: x' }));

    expectSevenBit(mime);
  });

  it('writes a non-ASCII local part as UTF-8 for servers that accept it', async () => {
    const mime = await composeMime(givenMessage({ to: [{ name: 'Jörg', address: 'jörg@example.org' }] }));

    expect(headerFields(mime)).toContainEqual(['To', '=?UTF-8?B?SsO2cmc=?= <jörg@example.org>']);
  });

  it('is parsed by another library as it was given', async () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 200 }),
      fc
        .array(fc.constantFrom('=?', '?=', '"', '\\', '<', ';', ',', "'", '%', ' ', 'a'), { minLength: 1 })
        .map((pieces) => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(
        anyText,
        fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 }),
        fc.uint8Array({ maxLength: 500 }),
        async (name, subject, text, bytes) => {
          const content = Buffer.from(bytes);
          const mime = await composeMime(
            givenMessage({
              from: { name, address: 'hector@example.com' },
              subject,
              text,
              attachments: [{ filename: `${name}.bin`, contentType: 'application/octet-stream', content }],
            }),
          );

          expectSevenBit(mime);
          const fields = new Map(headerFields(mime));
          expect(readMailbox(fields.get('From') ?? '')).toEqual({ name, address: 'hector@example.com' });
          const written = fields.get('Subject') ?? '';
          expect(written.startsWith('=?') ? readEncodedWords(written) : written).toBe(subject.toWellFormed());
          const parsed = await simpleParser(mime);
          expect(parsed.from?.value.map((mailbox) => mailbox.address)).toEqual(['hector@example.com']);
          expect(parsed.from?.value[0]?.name).toBe(name);
          expect(parsed.text?.trimEnd()).toBe(text.replace(/\r\n?/g, '\n').trimEnd());
          expect(parsed.attachments.map((found) => [found.filename, found.content])).toEqual([
            [`${name}.bin`, content],
          ]);
        },
      ),
      { numRuns: 50 },
    );
  }, 60_000);
});

function longestLine(mime: Buffer): number {
  return Math.max(
    ...mime
      .toString('latin1')
      .split('\r\n')
      .map((text) => text.length),
  );
}

function expectSevenBit(mime: Buffer): void {
  const text = mime.toString('latin1');
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]|\P{ASCII}/u);
  expect(longestLine(mime)).toBeLessThanOrEqual(998);
}

/** Reads a mailbox as {@link readMailbox} does, and also accepts an address with a quoted local part. */
function readLoose(text: string) {
  const quotedLocal = /^(.*) <("[^"]*"@[^<>]+)>$/.exec(text);
  return quotedLocal
    ? { ...readMailbox(`${quotedLocal[1]} <x@example.org>`), address: quotedLocal[2] }
    : readMailbox(text);
}
