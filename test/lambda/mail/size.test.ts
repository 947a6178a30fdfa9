import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../lambda/mail/message.ts';
import { composeMime, leastSize, mostSize } from '../../../lambda/mail/mime.ts';
import { contentOf } from '../../../lambda/sender/content.ts';
import { routeBySize } from '../../../lambda/sender/route-by-size.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('=', '\n', 'é', '🙂', ' ', '.'), maxLength: 400 }),
);
const name = fc.string({ unit: fc.constantFrom('a', 'ä', '🙂', '"', ',', ' ', 'ß'), maxLength: 60 });
const mailbox = fc.record({ name, address: fc.constant('someone@example.org') });
const attachment = fc.record({
  filename: name.map((given) => `a${given}`),
  contentType: fc.constantFrom('application/pdf', 'message/rfc822', 'text/plain; charset=utf-8'),
  content: fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
});

const messages: fc.Arbitrary<Message> = fc
  .record({
    text,
    html: text,
    subject: text.map((given) => given.replaceAll('\n', ' ')),
    from: mailbox,
    to: fc.array(mailbox, { minLength: 1, maxLength: 5 }),
    cc: fc.array(mailbox, { maxLength: 5 }),
    header: name.map((given) => `a ${given}`),
    attachments: fc.array(attachment, { maxLength: 3 }),
    invitation: text,
  })
  .map(({ header, invitation, ...given }) => ({
    ...given,
    id: 'order-1',
    handle: 'handle',
    messageId: '<handle@example.com>',
    date: new Date(0),
    bcc: [],
    replyTo: given.cc,
    headers: [['X-Shop', header]],
    metadata: {},
    ...(invitation && { calendar: { method: 'REQUEST', content: invitation } }),
  }));

describe('the bounds of a size', () => {
  it('contain the size of every composed message', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const { length } = await composeMime(message);
        expect(mostSize(message)).toBeGreaterThanOrEqual(length);
        expect(leastSize(message)).toBeLessThanOrEqual(length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a route by size', () => {
  const [message] = fc.sample(messages, { numRuns: 1, seed: 1 }) as [Message];
  const large = { ...message, text: 'a line of text\n'.repeat(1_000) };
  const provider = { key: 'one', type: 'smtp', options: {} };
  const routeWithLimit = (most: number) => (bytes: number) => ({
    order: bytes > most ? [] : [provider],
    substituted: new Set<string>(),
    unsupported: new Map<string, readonly string[]>(),
    skipped: bytes > most ? [{ key: 'one', kind: 'unable' as const, reason: `too large: ${bytes} bytes` }] : [],
  });

  it('is found without composing the message, unless its size is near to a limit', async () => {
    const { length } = await composeMime(large);
    for (const [limit, order, composed] of [
      [mostSize(large), [provider], false],
      [length, [provider], true],
      [length - 1, [], true],
      [-1, [], false],
    ] as const) {
      const found = await routeBySize(large, routeWithLimit(limit));
      expect([limit, found.route.order, found.mime !== undefined]).toEqual([limit, order, composed]);
    }
  });

  it('leads to content whose MIME is composed once', async () => {
    const content = contentOf(message);
    expect(await content.mime()).toBe(await content.mime());
    const known = Buffer.from('known');
    expect(await contentOf(message, known).mime()).toBe(known);
  });
});
