import fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import { describe, expect, it } from 'vitest';
import {
  domainOf,
  formatMailbox,
  hasAsciiLocalPart,
  hasQuotedLocalPart,
  parseMailbox,
  sameMailboxKey,
} from '../../../lambda/mail/address.ts';
import { readMailbox } from './read-back.ts';

describe('parseMailbox', () => {
  it.each([
    ['ada@example.org', 'ada@example.org'],
    ['Ada.Lovelace+tag@EXAMPLE.Org', 'Ada.Lovelace+tag@example.org'],
    ["o'neil!#$%&*/?=^_`{|}~-@example.org", "o'neil!#$%&*/?=^_`{|}~-@example.org"],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@faß.example', 'ada@xn--fa-hia.example'],
    ['ada@BU\u0308CHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@例え。テスト', 'ada@xn--r8jz45g.xn--zckzah'],
    ['"ada"@example.org', 'ada@example.org'],
    ['"a d a"@example.org', '"a d a"@example.org'],
    ['"a\\"\\d@a"@example.org', '"a\\"d@a"@example.org'],
    ['jo\u0308rg@example.org', 'jörg@example.org'],
    ['postmaster@localhost', 'postmaster@localhost'],
    ['čapek@example.cz', 'čapek@example.cz'],
    ['adc\u030ca@example.org', 'adča@example.org'],
    ['嘍嘍@example.org', '嘍嘍@example.org'],
  ])('reads %j as %j', (given, address) => {
    expect(parseMailbox(given)).toEqual({ address });
  });

  it.each([
    '',
    '@',
    'ada',
    '@example.org',
    'ada@',
    '""@example.org',
    '.ada@example.org',
    'ada.@example.org',
    'a..da@example.org',
    'ada lovelace@example.org',
    ' ada@example.org',
    'ada@example.org ',
    'ada@example.org.',
    'ada@example..org',
    'ada@-example.org',
    'ada@exam_ple.org',
    'ada@127.0.0.1',
    'ada@127.1',
    'ada@0x7f.1',
    'ada@[127.0.0.1]',
    'ada@%65xample.org',
    'ada@exam\uff0fple.org',
    'ada@a\u2100b.example',
    'ada@xn--zzzzz-.org',
    `ada@${'a'.repeat(64)}.org`,
    `ada@${'a.'.repeat(127)}org`,
    `${'a'.repeat(65)}@example.org`,
    `${'ü'.repeat(33)}@example.org`,
    'ada@example.org,eve@example.net',
    'ada@example.org, eve@example.net',
    'ada@example.org;eve@example.net',
    'eve@example.net@example.org',
    'Ada <ada@example.org>',
    '<ada@example.org>',
    'team: ada@example.org;',
    '@relay.example:ada@example.org',
    'ada(comment)@example.org',
    'ada@example.org(comment)',
    '"ada"x@example.org',
    '"a"da"@example.org',
    '=?utf-8?q?ada=40example.net=3e?=@example.org',
    'ada@example.org\r\nBcc: eve@example.net',
    'ad\r\n a@example.org',
    '"ad\r\na"@example.org',
    'ad\0a@example.org',
    'ad\u010d\u010aa@example.org',
    'adc\u030c\u010aa@example.org',
    'ad嘍嘊a@example.org',
    'ad\u202ea@example.org',
    'ad\ud800a@example.org',
    'ada@exam\ud800ple.org',
  ])('refuses %j without repeating it', (given) => {
    const result = parseMailbox(given);
    expect(result).toHaveProperty('problem');
    if (given.length > 8) expect(JSON.stringify(result)).not.toContain(given.slice(0, 8));
  });

  it('keeps a name, and repairs a lone surrogate in it', () => {
    expect(parseMailbox({ name: 'A\ud800', address: 'ada@example.org' })).toEqual({
      name: 'A\ufffd',
      address: 'ada@example.org',
    });
    expect(parseMailbox({ name: '', address: 'ada@example.org' })).toEqual({ address: 'ada@example.org' });
  });

  it('is idempotent, and never returns an address that a header could misread', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress(), quotedAddress()), (given) => {
        const parsed = parseMailbox(given);
        if ('problem' in parsed) return;
        expect(parseMailbox(parsed.address)).toEqual(parsed);
        expect(parsed.address).not.toMatch(/[\r\n\0]/);
        expect(domainOf(parsed.address)).toMatch(/^[a-z0-9.-]+$/);
      }),
    );
  });

  it('refuses invalid input of any length quickly', () => {
    const begun = performance.now();
    for (const piece of ['"\\', 'a.', '<', 'ü']) parseMailbox(`${piece.repeat(1_000_000)}@example.org`);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('properties of an address', () => {
  it('show what a provider must be able to carry', () => {
    expect(hasAsciiLocalPart('ada@example.org')).toBe(true);
    expect(hasAsciiLocalPart('jörg@example.org')).toBe(false);
    expect(hasQuotedLocalPart('"a b"@example.org')).toBe(true);
    expect(hasQuotedLocalPart('ada@example.org')).toBe(false);
    expect(domainOf('"a@b"@example.org')).toBe('example.org');
  });

  it('compare domains without case and local parts with it', () => {
    expect(sameMailboxKey('Ada@EXAMPLE.org')).toBe('Ada@example.org');
    expect(sameMailboxKey('ada@example.org')).not.toBe(sameMailboxKey('Ada@example.org'));
  });
});

describe('formatMailbox', () => {
  const address = 'ada@example.org';

  it.each([
    ['Hector" <>(', '"Hector\\" <>(" <ada@example.org>'],
    ['Ada Lovelace', '"Ada Lovelace" <ada@example.org>'],
    ['Lovelace, Ada', '"Lovelace, Ada" <ada@example.org>'],
    ['back\\', '"back\\\\" <ada@example.org>'],
    ['Zoë', '=?UTF-8?B?Wm/Dqw==?= <ada@example.org>'],
    ['=?UTF-8?Q?x?=', '=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <ada@example.org>'],
    ['\ud800', '=?UTF-8?B?77+9?= <ada@example.org>'],
    ['', 'ada@example.org'],
  ])('writes %j as %s', (name, written) => {
    expect(formatMailbox({ name, address })).toBe(written);
  });

  it.each([
    'eve@example.net',
    'a@b.example <eve@example.net>, ',
    '😀'.repeat(75),
    'x'.repeat(300),
    'مرحبا \u202eabc',
    '👩‍👩‍👧‍👦 family',
    ' leading and trailing ',
    'two  spaces',
    '"quoted"',
    'group: a, b;',
    '\ufeffname',
  ])('writes %j so that it parses back to exactly this name and one address', (name) => {
    expect(readMailbox(formatMailbox({ name, address }))).toEqual({ name, address });
  });

  it('writes any name so that a strict parser and another library read it back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), trickyName()), (name) => {
        const written = formatMailbox({ name, address });
        expect(written).toMatch(/^[\x20-\x7e]+$/);
        expect(readMailbox(written)).toEqual({ name: name.toWellFormed(), address });
        expect(addressparser(written).map((found) => found.address)).toEqual([address]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps lists of any mailboxes apart', () => {
    fc.assert(
      fc.property(fc.array(trickyName(), { minLength: 1, maxLength: 5 }), (names) => {
        const mailboxes = names.map((name, index) => ({ name, address: `a${index}@example.org` }));
        const list = addressparser(mailboxes.map(formatMailbox).join(', '));
        expect(list.map((found) => found.address)).toEqual(mailboxes.map((mailbox) => mailbox.address));
      }),
    );
  });
});

function trickyName(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '"',
    '\\',
    '<',
    '>',
    '(',
    ')',
    ',',
    ';',
    ':',
    '@',
    ' ',
    '=?',
    '?=',
    'a',
    'é',
    '😀',
    '\ud800',
  );
  return fc.array(piece, { minLength: 1, maxLength: 40 }).map((pieces) => pieces.join(''));
}

function quotedAddress(): fc.Arbitrary<string> {
  return fc.string({ maxLength: 20 }).map((content) => `"${content.replace(/["\\]/g, '\\$&')}"@example.org`);
}
