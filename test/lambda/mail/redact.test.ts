import { expect, it } from 'vitest';
import { hiddenOf, redactor } from '../../../lambda/mail/redact.ts';
import { message, PLANTED, SECRET } from '../../support/planted-mail.ts';
import { RARE_SPELLINGS, SPELLINGS } from '../../support/spellings.ts';

const redact = redactor(hiddenOf(message, { serverToken: SECRET }));

it.each(Object.entries({ ...SPELLINGS, ...RARE_SPELLINGS }))(
  'nothing of a mail or a secret stays readable: %s',
  (_, spell) => {
    for (const planted of PLANTED) {
      const said = spell(planted);
      const left = redact(`cannot take: ${said}, sorry`);

      expect(left).toMatch(/^cannot take: .*, sorry$/s);
      expect(left).toMatch(/<hidden>/);
      // A part of the punctuation that is in the given spelling of the secret may stay in the text.
      expect([said, left.replaceAll('<hidden>', '').length - 'cannot take: , sorry'.length]).toEqual([
        said,
        expect.toSatisfy((length: number) => length < 0.45 * said.length || length < 12),
      ]);
    }
  },
);

it.each([
  'The account is disabled; contact support at support desk.',
  'Message refused by policy: see https://docs.example.net/errors/5.7.1 for details (Request ID 7f3a9b1c-aa01-4c3e-9d2f-0a2b4c6d8e9f).',
  'Service unavailable, client host [192.0.2.17] blocked using Spamhaus (AS3130) [DB8EUR05FT047.eop.protection.example 2026-11-28T23:10:00.000Z 08DE2E].',
  '421 4.7.0 [TS04] 2.0.0 5.7.1 10 11 12 13 14 retry at 23:10:45',
  'Das Postfach ist voll; bitte später versuchen. 邮件被拒绝 メールボックスがいっぱいです',
])('words about something else stay: %s', (words) => {
  expect(redact(words)).toBe(words);
});

it('takes milliseconds for the longest answer to a long mail, however it is escaped', () => {
  const text = Array.from({ length: 10_000 }, (_, place) => `distinct${place}`).join(' ');
  const long = redactor(hiddenOf({ ...message, text }, { serverToken: SECRET }));
  for (const piece of [
    '%25',
    '\\\\',
    '=3D',
    '&amp;',
    'QUJD ',
    '(at) ',
    '&#112;\\u0070=40 a at b dot c ',
    '+AHAA-',
    '<b>',
    '0x41, ',
    '65, ',
    '\u0301',
  ]) {
    const begun = performance.now();
    long(piece.repeat(500).slice(0, 500));
    expect([piece, performance.now() - begun]).toEqual([piece, expect.toSatisfy((ms: number) => ms < 3_000)]);
  }
});
