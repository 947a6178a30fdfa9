import { describe, expect, test } from 'vitest';
import { readMailboxes } from '../../../lambda/inbound/addresses.ts';
import { isoDate } from '../../../lambda/inbound/date.ts';
import { messageId, messageIds } from '../../../lambda/inbound/message-ids.ts';

describe('a date', () => {
  test.each([
    ['Tue, 03 Feb 2026 10:00:00 +0100', '2026-02-03T09:00:00.000Z'],
    ['3 Feb 26 10:00 EST', '2026-02-03T15:00:00.000Z'],
    ['3 Feb 99 10:00:00 MDT', '1999-02-03T16:00:00.000Z'],
    ['Tue, 3 Feb 126 10:00:00 GMT', '2026-02-03T10:00:00.000Z'],
    ['03 Feb 2026 10:00:00 A', '2026-02-03T10:00:00.000Z'],
    ['Tue, 03 Feb 2026 10:00:00 XYZ', '2026-02-03T10:00:00.000Z'],
    ['Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06.000Z'],
    ['(a (b)) Tue,03 Feb 2026 10:00:00 -0330 (c)', '2026-02-03T13:30:00.000Z'],
    ['Tue, 3 February 2026 1:05:09 PM GMT+02:00', '2026-02-03T11:05:09.000Z'],
    ['Tue Feb  3 10:00:00 2026', '2026-02-03T10:00:00.000Z'],
    ['2026-02-03 10:00:00 +0100', '2026-02-03T09:00:00.000Z'],
    ['2026-02-03T10:00:00Z', '2026-02-03T10:00:00.000Z'],
    ['Sat, 31 Dec 2016 23:59:60 +0000', '2016-12-31T23:59:59.000Z'],
  ])('%s', (given, iso) => {
    expect(isoDate(given)).toBe(iso);
  });

  test.each([undefined, '', '1', 'yesterday', 'Tue, 03 Feb 2026', '31 Feb 2026 10:00 GMT', '3 Feb 2026 25:00:00 GMT'])(
    '%j is no date',
    (given) => {
      expect(isoDate(given)).toBeUndefined();
    },
  );
});

describe('an address header', () => {
  test.each([
    ['Jane Doe, PhD <jane@x.example>', [['Jane Doe, PhD', 'jane@x.example']]],
    [
      'Doe, Jane <jane@x.example>, b@x.example',
      [
        ['Doe, Jane', 'jane@x.example'],
        [undefined, 'b@x.example'],
      ],
    ],
    ['=?utf-8?Q?M=C3=BCller,_Jan?= <jan@x.example>', [['Müller, Jan', 'jan@x.example']]],
    ['=?utf-8?Q?A?=, <a@x.example>', [['A', 'a@x.example']]],
    ['Jane (Sales <jane@x.example>', [['Jane Sales', 'jane@x.example']]],
    ['"unclosed <jane@x.example>', [['unclosed', 'jane@x.example']]],
    ['<@hop.example,@b.example:jane@x.example>', [[undefined, 'jane@x.example']]],
    [
      'Team: a@x.example, "B, C" <b@x.example>;, d@x.example',
      [
        [undefined, 'a@x.example'],
        ['B, C', 'b@x.example'],
        [undefined, 'd@x.example'],
      ],
    ],
    ['undisclosed-recipients:;', []],
    ['Mail Delivery System', []],
    ['root', [[undefined, 'root']]],
    ['Jane <mailto:jane@x.example>', [['Jane', 'jane@x.example']]],
    ['=?utf-8?Q?Jane_<jane@x.example>?=', [['Jane', 'jane@x.example']]],
    ['"jane@corp.example" <list@x.example>', [['jane@corp.example', 'list@x.example']]],
  ])('%s', (given, expected) => {
    expect(readMailboxes([given]).map(({ name, address }) => [name, address])).toEqual(expected);
  });
});

describe('message ids', () => {
  test.each([
    ['<a@x> <b@x>', ['<a@x>', '<b@x>']],
    ['a@x, b@x', ['<a@x>', '<b@x>']],
    ['Your message of Tuesday <a@x>', ['<a@x>']],
    ['<a\r\n @x>', ['<a@x>']],
    ['no id at all', []],
    ['<Your message> <a@x>', ['<a@x>']],
  ])('of %j', (given, ids) => {
    expect(messageIds([given])).toEqual(ids);
  });

  test('are limited to the last hundred', () => {
    const ids = messageIds([Array.from({ length: 1_500 }, (_, index) => `<${index}@x>`).join(' ')]);
    expect([ids.length, ids.at(-1)]).toEqual([100, '<1499@x>']);
  });

  test('of one word without an @ still identify the mail; several words do not', () => {
    expect(messageId(['abc'])).toBe('<abc>');
    expect(messageId(['not an id'])).toBeUndefined();
  });
});
