import { expect, test } from 'vitest';
import { uuencoded } from '../../../lambda/mail/transfer-encoding.ts';

test.each([
  ['a\r\nbegin-base64 644 x\r\naGk=\r\n====\r\nb', 'a\r\nb', 'hi'],
  ['begin-base64 644 x\naGk=\n====', '', 'hi'],
  ['begin-base64 644 x\n====\nb', 'b', ''],
])('%j contains a file in base64', (text, rest, content) => {
  expect(uuencoded(text)).toEqual({ rest, files: [{ filename: 'x', content: Buffer.from(content) }] });
});

test.each(['begin-base64 644 x\naGk=\n', 'begin-base64 644 x\na, b\n====\n'])('%j contains no file', (text) => {
  expect(uuencoded(text)).toEqual({ rest: text, files: [] });
});

test.each(['begin-base64 644 x\nAAAA\n', 'begin 644 x\n#0V%T\n'])(
  '%j repeated takes time in proportion to the size of the text',
  (piece) => {
    const text = piece.repeat(40_000);
    for (const end of ['', '====\n']) {
      const begun = process.cpuUsage();
      uuencoded(text + end);
      expect(process.cpuUsage(begun).user).toBeLessThan(2_000_000);
    }
  },
);
