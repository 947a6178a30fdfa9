import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MailPart, splitMail } from '../../../lambda/mail/mime-parts.ts';

const lines = (...text: string[]) => Buffer.from(text.join('\r\n'), 'latin1');
const leavesOf = (part: MailPart): MailPart[] => (part.children.length > 0 ? part.children.flatMap(leavesOf) : [part]);
const leaves = (mail: Buffer) => leavesOf(splitMail(mail).root);
const contents = (mail: Buffer) => leaves(mail).map((part) => [part.type, part.read().content.toString('latin1')]);

describe('splitMail', () => {
  test('a mail without structure is one text, with any line ends', () => {
    expect(contents(lines('From: a', '', 'one', 'two'))).toEqual([['text/plain', 'one\r\ntwo']]);
    expect(contents(Buffer.from('From: a\n\none\ntwo'))).toEqual([['text/plain', 'one\ntwo']]);
    expect(contents(Buffer.from('\r\nno headers'))).toEqual([['text/plain', 'no headers']]);
    expect(contents(Buffer.from('From: a'))).toEqual([['text/plain', '']]);
  });

  test('parts are found between delimiters, without preamble, epilogue and the line break of the delimiter', () => {
    const mail = lines(
      'Content-Type: multipart/mixed;',
      '\tboundary="x y"',
      '',
      'preamble --x y',
      '--x y',
      '',
      'first',
      '',
      '--x y \t',
      'Content-Type: TEXT/HTML; charset=x',
      '',
      '--x yz is no delimiter',
      '--x y--',
      'epilogue',
      '--x y',
      'after the end',
    );
    expect(contents(mail)).toEqual([
      ['text/plain', 'first\r\n'],
      ['text/html', '--x yz is no delimiter'],
    ]);
  });

  test('nested parts are found, and a missing end hides nothing', () => {
    const mail = lines(
      'Content-Type: multipart/mixed; boundary=out',
      '',
      '--out',
      'Content-Type: multipart/alternative; boundary=out-in',
      '',
      '--out-in',
      '',
      'plain',
      '--out-in',
      'Content-Type: text/html',
      '',
      'html',
      '--out',
      'Content-Type: application/pdf',
      '',
      'rest without end',
    );
    expect(contents(mail)).toEqual([
      ['text/plain', 'plain'],
      ['text/html', 'html'],
      ['application/pdf', 'rest without end'],
    ]);
  });

  test('a multipart without parts is read whole', () => {
    expect(contents(lines('Content-Type: multipart/mixed; boundary=b', '', 'all of it'))).toEqual([
      ['multipart/mixed', 'all of it'],
    ]);
    expect(contents(lines('Content-Type: multipart/mixed', '', '--b', 'x'))).toEqual([['multipart/mixed', '--b\r\nx']]);
  });

  test('a forwarded mail is one file', () => {
    const inner = lines('Content-Type: multipart/mixed; boundary=i', '', '--i', '', 'x', '--i--').toString();
    expect(contents(lines('Content-Type: message/rfc822', '', inner))).toEqual([['message/rfc822', inner]]);
  });

  test.each([
    ['base64', 'SGVs\r\nbG8=\r\n', 'Hello'],
    ['BASE64', 'SGVsbG8=', 'Hello'],
    ['base64', 'SGU=bGxv', 'Hello'],
    ['base64', 'SGU==\r\n= bGxv', 'Hello'],
    ['base64', '====SGVsbG8', 'Hello'],
    ['base64', '!!S G V s bG8', 'Hello'],
    ['base64', '', ''],
    ['quoted-printable', 'H=65l=\r\nlo =C3=A4=3d', 'Hello \xc3\xa4='],
    ['quoted-printable', 'a=  \r\nb= \nc=', 'abc'],
    ['quoted-printable', '100 =ZZ=4', '100 =ZZ=4'],
    ['8bit', 'na\xefve', 'na\xefve'],
    ['x-unknown', '=41', '=41'],
  ])('%s %j', (encoding, body, content) => {
    expect(contents(lines(`Content-Transfer-Encoding: ${encoding}`, '', body))).toEqual([['text/plain', content]]);
  });

  test('ten thousand parts, and a thousand levels, are cut and marked incomplete', () => {
    const many = lines('Content-Type: multipart/mixed; boundary=b', '', '--b\r\n\r\nx\r\n'.repeat(10_000));
    expect(splitMail(many).complete).toBe(false);
    expect(leaves(many).length).toBeLessThanOrEqual(1_001);
    let deep = '';
    for (let level = 0; level < 1_000; level++)
      deep += `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`;
    expect(splitMail(Buffer.from(deep)).complete).toBe(false);
    expect(splitMail(lines('From: a', `X: ${'y'.repeat(600_000)}`, '', 'x')).complete).toBe(false);
    expect(splitMail(lines('From: a', '', 'x')).complete).toBe(true);
  });

  test('empty parts count as parts', () => {
    const mail = (count: number) =>
      splitMail(lines('Content-Type: multipart/mixed; boundary=b', '', '--b\r\n'.repeat(count)));
    expect(mail(1_000).complete).toBe(true);
    expect(mail(2_000).complete).toBe(false);
  });

  test.each([
    ['a header of spaces', (size: number) => lines(`Content-Type: text/plain${' '.repeat(size)}`, '', 'x')],
    ['a header of line ends', (size: number) => lines(`Content-Type: text/plain${'\r\n '.repeat(size / 3)}x`, '', 'x')],
    ['padding', (size: number) => lines('Content-Transfer-Encoding: base64', '', '='.repeat(size))],
    ['padding and spaces', (size: number) => lines('Content-Transfer-Encoding: base64', '', '= '.repeat(size / 2))],
    ['soft breaks', (size: number) => lines('Content-Transfer-Encoding: quoted-printable', '', '= '.repeat(size / 2))],
    ['empty parts', (size: number) => lines('Content-Type: multipart/mixed; boundary=b', '', '--b\n'.repeat(size / 4))],
    [
      'near delimiters',
      (size: number) => lines(`Content-Type: multipart/mixed; boundary="${'-'.repeat(199)}"`, '', '-'.repeat(size)),
    ],
  ])('12 MB of %s take seconds at most', { timeout: 60_000 }, (_, make) => {
    const mail = make(12_000_000);
    const begun = performance.now();
    splitMail(mail);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test('generated structures are found again', () => {
    const body = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        fc.array(body, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('base64', 'quoted-printable'),
        (bodies, encoding) => {
          const encode = (bytes: Uint8Array) =>
            encoding === 'base64'
              ? (
                  Buffer.from(bytes)
                    .toString('base64')
                    .match(/.{1,76}/g) ?? []
                ).join('\r\n')
              : [...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('=\r\n');
          const mail = lines(
            'Content-Type: multipart/mixed; boundary=b',
            '',
            ...bodies.flatMap((bytes) => ['--b', `Content-Transfer-Encoding: ${encoding}`, '', encode(bytes)]),
            '--b--',
          );
          expect(leaves(mail).map((part) => part.read().content.toString('hex'))).toEqual(
            bodies.map((bytes) => Buffer.from(bytes).toString('hex')),
          );
        },
      ),
    );
  });

  test('no bytes make it throw', () => {
    const piece = fc.constantFrom(
      '\r\n',
      '\n',
      '--b',
      '--',
      ' ',
      '\0',
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Transfer-Encoding: base64',
      ':',
      '=',
      'x',
      '\xff',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        splitMail(Buffer.from(pieces.join(''), 'latin1'));
      }),
      { numRuns: 3_000 },
    );
  });
});
