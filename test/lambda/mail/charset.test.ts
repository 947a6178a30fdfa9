import { describe, expect, test } from 'vitest';
import { codecOf, textFrom } from '../../../lambda/mail/charset.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf8 = (text: string) => Buffer.from(text, 'utf8');

describe('textFrom', () => {
  test.each([
    ['a known label', latin1('gr\xf6\xdfe'), 'iso-8859-1', 'größe'],
    ['a known label, although it could be UTF-8', utf8('größe'), 'iso-8859-1', 'grÃ¶ÃŸe'],
    ['a label of another vendor', Buffer.from([0xe5]), 'x-cp1251', 'е'],
    ['a code page of IBM', Buffer.from([0x84]), 'cp437', 'ä'],
    ['an unknown label over UTF-8', utf8('größe'), 'ansi', 'größe'],
    ['an unknown label over 8-bit bytes', latin1('gr\xf6\xdfe'), 'x-unknown', 'größe'],
    ['ASCII over UTF-8', utf8('größe'), 'us-ascii', 'größe'],
    ['UTF-8 over 8-bit bytes', latin1('gr\xf6\xdfe'), 'utf-8', 'größe'],
    ['UTF-8 with one bad byte', Buffer.concat([utf8('größe'), Buffer.from([0xff])]), 'utf-8', 'größe\ufffd'],
    ['letters that Windows adds to EUC-KR', Buffer.from([0x8c, 0x63]), 'euc-kr', '똠'],
    ['letters that Hong Kong adds to Big5', Buffer.from([0xfb, 0x48]), 'big5', '嘅'],
    ['UTF-7', latin1('gr+APYA3w-e'), 'utf-7', 'größe'],
    ['UTF-16 with a mark, big-endian', Buffer.from([0xfe, 0xff, 0, 0xe4]), 'utf-16', 'ä'],
    ['UTF-16 with a mark, little-endian', Buffer.from([0xff, 0xfe, 0xe4, 0]), 'utf-16', 'ä'],
    ['UTF-16 without a mark', Buffer.from([0, 0x41, 0, 0xe4]), 'utf-16', 'Aä'],
    ['UTF-16 over ASCII', latin1('plain'), 'utf-16', 'plain'],
    ['ISO-2022-KR', latin1('\x1b$)C\x0e0!3*\x0f x\r\n\x0e0!\x0f'), 'iso-2022-kr', '가나 x\r\n가'],
    ['ISO-2022-CN', latin1('\x1b$)A\x0eVP\x0f'), 'iso-2022-cn', '中'],
    ['HZ', latin1('~{VPND~} x'), 'hz-gb-2312', '中文 x'],
    ['ISO-2022-JP between words', latin1('\x1b$B$3\x1b(B\x1b$B$s\x1b(B'), 'iso-2022-jp', 'こん'],
    ['Japanese escapes under ASCII', latin1('\x1b$B$3$s\x1b(B'), 'us-ascii', 'こん'],
    ['a mark of UTF-8', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8('ä')]), 'windows-1252', 'ä'],
  ])('%s', (_, bytes, label, text) => {
    expect(textFrom(bytes, label)).toBe(text);
  });

  test('bytes without a label are decoded like the rest of the mail, if possible', () => {
    expect(textFrom(latin1('\xb1'), undefined, 'iso-8859-2')).toBe('ą');
    expect(textFrom(utf8('ą'), undefined, 'iso-8859-1')).toBe('ą');
    expect(textFrom(latin1('\xb1'), undefined, 'x-unknown')).toBe('±');
    expect(textFrom(latin1('\x80'), undefined)).toBe('€');
  });
});

test.each([
  ['us-ascii', undefined],
  ['ANSI_X3.4-1968', undefined],
  ['base64', undefined],
  ['"UTF-8"', 'utf-8'],
  ['utf8', 'utf-8'],
  ['latin1', 'windows-1252'],
  ['gb2312', 'gbk'],
  ['x-'.repeat(100), undefined],
])('the label %j is %j', (label, codec) => {
  expect(codecOf(label)).toBe(codec);
});
