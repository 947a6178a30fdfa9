import { expect, it } from 'vitest';
import { composeMime, readdressed } from '../../../lambda/mail/mime.ts';
import { fromSubstitute } from '../../../lambda/mail/substitute.ts';
import { givenMessage } from './given-message.ts';
import { headerFields } from './read-back.ts';

const message = givenMessage({ from: { name: 'The Shop', address: 'shop@example.com' } });

it('keeps the name, directs replies to the original sender, and leaves the rest of the mail byte for byte', async () => {
  const mime = await composeMime(message);
  const substituted = fromSubstitute(message, 'mail@mg.example.net');
  const other = readdressed(mime, message, substituted);

  const rest = (fields: [string, string][]) => fields.filter(([name]) => name !== 'From' && name !== 'Reply-To');
  expect(headerFields(other).filter(([name]) => name === 'From' || name === 'Reply-To')).toEqual([
    ['From', '"The Shop" <mail@mg.example.net>'],
    ['Reply-To', '"The Shop" <shop@example.com>'],
  ]);
  expect(rest(headerFields(other))).toEqual(rest(headerFields(mime)));
  const body = (bytes: Buffer) => bytes.subarray(bytes.indexOf('\r\n\r\n')).toString();
  expect(body(other)).toBe(body(mime));
});

it('leaves a Reply-To of the submission as it is', () => {
  const replyTo = [{ address: 'help@example.com' }];
  expect(fromSubstitute({ ...message, replyTo }, 'mail@mg.example.net').replyTo).toEqual(replyTo);
});
