import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSubmission } from '../../../lambda/contract/submission.ts';
import { parseMailbox } from '../../../lambda/mail/address.ts';

// These tests compare two things: the JSON Schema, with which producers can validate a submission, and the submissions that the
// sender accepts.
const schema = JSON.parse(readFileSync(new URL('../../../schema/submission.schema.json', import.meta.url), 'utf8'));
// The validation of formats is off, since other validators may ignore formats. Strict mode is off, since it requires a `type`
// next to every keyword.
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isValid = ajv.compile(schema);

const minimal = { version: 1, from: 'hector@example.com', to: ['ada@example.org'], text: 'Hello' };
const file = { filename: 'a.pdf', contentType: 'application/pdf', content: 'AAA=' };

type Place = (text: string) => Record<string, unknown>;

const PLACES: Record<string, Place> = {
  subject: (subject) => ({ subject }),
  text: (text) => ({ text: `a${text}` }),
  class: (name) => ({ class: name }),
  tag: (tag) => ({ tag }),
  'an invitation': (text) => ({ calendar: { method: 'REPLY', content: `BEGIN:VCALENDAR${text}` } }),
  'the method of an invitation': (text) => ({
    calendar: { method: 'ADD', content: `begin:vcalendar\r\nMethod:${text}ADD${text}\n` },
  }),
  id: (id) => ({ id }),
  name: (name) => ({ from: { name, address: 'h@example.com' } }),
  'a local part': (local) => ({ to: [`a${local}b@example.org`] }),
  'a quoted local part': (local) => ({ to: [`"a${local}b"@example.org`] }),
  'a domain': (domain) => ({ to: [{ address: `ada@a${domain}b.example` }] }),
  'the end of a domain': (domain) => ({ cc: [{ address: `ada@example.${domain}` }] }),
  'a whole address': (address) => ({ bcc: [address] }),
  'free text': (value) => ({ headers: { 'X-Note': value } }),
  'a header name': (name) => ({ headers: { [`X${name}`]: 'a' } }),
  'message ids': (value) => ({ headers: { References: `<a@example.com>${value}<b${value}@example.com>` } }),
  'a single id': (value) => ({ headers: { 'in-reply-to': `<${value}>` } }),
  'a list id': (value) => ({ headers: { 'LIST-ID': `News ${value} <news${value}.example.com>` } }),
  token: (value) => ({ headers: { Precedence: `bulk${value}` } }),
  'list URIs': (value) => ({ headers: { 'List-Help': `<https://example.com/${value}>` } }),
  'a receipt': (value) => ({ headers: { 'Disposition-Notification-To': `Ada${value} <ada@example.org>` } }),
  'a bare receipt': (value) => ({ headers: { 'Return-Receipt-To': `ada${value}@example.org` } }),
  'a file name': (filename) => ({ attachments: [{ ...file, filename }] }),
  'a media type': (type) => ({ attachments: [{ ...file, contentType: `a/b${type}` }] }),
  'a content id': (contentId) => ({ attachments: [{ ...file, contentId }] }),
  base64: (content) => ({ attachments: [{ ...file, content }] }),
  'a metadata value': (value) => ({ metadata: { order: value } }),
  'a metadata name': (name) => ({ metadata: { [name]: 'a' } }),
  'an unsubscribe URL': (url) => ({ unsubscribe: { url: `https://example.com/${url}` } }),
  'an unsubscribe host': (host) => ({ unsubscribe: { url: `https://e${host}.example/` } }),
  'an unsubscribe address': (mailto) => ({ unsubscribe: { mailto: `u${mailto}@example.com` } }),
  'an unsubscribe URI': (mailto) => ({ unsubscribe: { mailto: `mailto:u@example.com?subject=${mailto}` } }),
};

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 120 }),
  fc
    .array(
      fc.constantFrom(
        ...' \t\r\n\0"\\<>@.,;:-=?%&/()[]{}\'`|~+_#!$*^aZ09ÄčĊ嘍嘊\u202e\u2066\ufeff\u00a0\u3000\u037e\u0301😀مא',
        '=?',
        'xn--',
        '..',
        'AAAA',
        '==',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('č', '嘍', 'ü', 'ß', 'я', '語', 'é'.repeat(60), 'x'.repeat(70), 'x'.repeat(300), 'ü'.repeat(20)),
);

describe('the shipped schema', () => {
  it.each(Object.entries(PLACES))('allows nothing in %s that is Malformed', (_, place) => {
    fc.assert(
      fc.property(anyText, (text) => {
        const body = { ...minimal, ...place(text) };
        if (isValid(body)) expect(readSubmission(JSON.stringify(body))).toMatchObject({ kind: 'submission' });
      }),
      { numRuns: 1_000 },
    );
  });

  it('accepts every character of the first plane in an address as intake does, or is stricter', () => {
    const pattern = new RegExp(schema.$defs.Address.pattern);
    const wrong: string[] = [];
    for (let code = 0; code < 0x10000; code++) {
      const letter = String.fromCharCode(code);
      for (const address of [
        `${letter}@example.org`,
        `a${letter}b@example.org`,
        `"${letter}"@example.org`,
        `a@${letter}.org`,
        `a@b${letter}${letter}c.org`,
        `a@b.${letter}`,
      ])
        if (pattern.test(address) && 'problem' in parseMailbox(address)) wrong.push(`${code.toString(16)} ${address}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    'čapek@example.cz',
    '嘍@example.org',
    'ada@bücher.example',
    'ada@例え.example',
    'info@пример.example',
    'ada@xn--bcher-kva.example',
    'ada.lovelace+tag@sub-domain.example.co.uk',
    '"a b"@example.org',
    "o'brien@example.org",
    'postmaster@localhost',
    `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)}.org`,
  ])('allows the address %s', (address) => {
    expect(isValid({ ...minimal, to: [address] })).toBe(true);
  });

  it.each(
    Object.entries(PLACES).filter(
      ([name]) => !/domain|host|media|whole|base64|receipt|single|ids|method|end/.test(name),
    ),
  )('allows plain words in %s', (_, place) => {
    expect(isValid({ ...minimal, ...place('abc') }), JSON.stringify(isValid.errors)).toBe(true);
  });

  it.each([
    { headers: { 'Disposition-Notification-To': 'ada@example.org, Bob <bob@example.org>' } },
    { headers: { References: '<a@b>  <c@d>', 'List-Id': 'Größe <a.b>', 'Auto-Submitted': 'auto-generated' } },
    { unsubscribe: { url: 'https://example.com/u?e=ada%40example.org&t=x', mailto: 'unsub@example.com?subject=x' } },
    { attachments: [{ ...file, content: Buffer.alloc(1_000).toString('base64') }] },
  ])('allows %j as intake does', (changes) => {
    const body = { ...minimal, ...changes };
    expect(readSubmission(JSON.stringify(body)).kind).toBe(isValid(body) ? 'submission' : 'problem');
  });
});
