import { expect, test } from 'vitest';
import { decodeWords } from '../../../lambda/mail/decode-words.ts';

test.each([
  ['=?utf-8?B?WsM=?= =?utf-8?B?vCBFbmRl?=', 'Zü Ende'],
  ['=?utf-8?Q?Z=C3?= =?utf-8?Q?=BC_Ende?=', 'Zü Ende'],
  ['=?utf-8?B?WsM=?=\r\n =?utf-8?Q?=BC_Ende?= plain', 'Zü Ende plain'],
  ['=?utf-8?Q?a?= =?iso-8859-1?Q?=FC?=', 'aü'],
  ['=?ISO-2022-JP?B?GyRCJDMbKEI=?= =?ISO-2022-JP?B?GyRCJHMbKEI=?=', 'こん'],
  ['no words =?', 'no words =?'],
  ['=?utf-8*de?Q?=C3=BC?=', 'ü'],
])('reads %j', (value, expected) => {
  expect(decodeWords(value)).toBe(expected);
});

test('reads a long header in time that grows with its length only', () => {
  const long = '=?utf-8?Q?a?= '.repeat(40_000);
  const begun = performance.now();

  decodeWords(long);
  decodeWords('=?iso-2022-jp?b?YWFh?= '.repeat(100_000));
  decodeWords('=?'.repeat(200_000));
  decodeWords(`=?utf-8?Q?${'a'.repeat(300_000)} `.repeat(2));

  expect(performance.now() - begun).toBeLessThan(5_000);
});
