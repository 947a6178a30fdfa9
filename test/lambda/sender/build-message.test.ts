import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Submission } from '../../../lambda/contract/submission.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { buildMessage } from '../../../lambda/sender/build-message.ts';

const now = new Date('2026-12-01T00:00:00Z');

describe('buildMessage', () => {
  it('has the id in a header, and its hash as the Message-ID in the domain of From', () => {
    const message = build({ from: { name: 'Hector', address: 'hector@Bücher.example' } }, 'order/1');

    const handle = createHash('sha256').update('order/1').digest('base64url');
    expect(handle).toHaveLength(43);
    expect(message).toMatchObject({
      id: 'order/1',
      handle,
      messageId: `<${handle}@xn--bcher-kva.example>`,
      date: now,
      from: { name: 'Hector', address: 'hector@xn--bcher-kva.example' },
      headers: [
        ['References', `<${handle}@xn--bcher-kva.example>`],
        ['X-Mailover-Id', 'order/1'],
      ],
      subject: '',
      metadata: {},
    });
  });

  it('keeps a recipient only in the first of To, Cc and Bcc that names the recipient', () => {
    const message = build({
      to: [{ name: 'Ada', address: 'ada@EXAMPLE.org' }, 'ada@example.org', 'Ada@example.org'],
      cc: ['"ada"@example.org', 'cc@bücher.example'],
      bcc: ['cc@xn--bcher-kva.example', 'bcc@example.org'],
      replyTo: ['ada@example.org'],
    });

    expect(message.to).toEqual([{ name: 'Ada', address: 'ada@example.org' }, { address: 'Ada@example.org' }]);
    expect(message.cc).toEqual([{ address: 'cc@xn--bcher-kva.example' }]);
    expect(message.bcc).toEqual([{ address: 'bcc@example.org' }]);
    expect(message.replyTo).toEqual([{ address: 'ada@example.org' }]);
  });

  it('offers one-click unsubscription only with a URL', () => {
    const both = build({ unsubscribe: { url: 'https://example.com/ü?a=<b', mailto: 'u+%@example.com' } });
    const mailOnly = build({ unsubscribe: { mailto: 'mailto:u@example.com?subject=stop' } });

    expect(both.headers.slice(2)).toEqual([
      ['List-Unsubscribe', '<https://example.com/%C3%BC?a=%3Cb>, <mailto:u%2B%25@example.com>'],
      ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ]);
    expect(mailOnly.headers.slice(2)).toEqual([['List-Unsubscribe', '<mailto:u@example.com?subject=stop>']]);
  });

  it('keeps the order of headers and joins attachments with their bytes', () => {
    const message = build(
      { headers: { 'X-B': '1', 'X-A': '2' }, attachments: [attachment('a'), attachment('b')] },
      'i',
      [Buffer.from('first'), Buffer.from('second')],
    );

    expect(message.headers.map(([name]) => name)).toEqual(['X-B', 'X-A', 'References', 'X-Mailover-Id']);
    expect(message.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
      ['a', 'first'],
      ['b', 'second'],
    ]);
  });

  it('turns an invitation into an alternative and a file, with CRLF', () => {
    const { calendar, attachments } = build({
      calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\nEND:VCALENDAR' },
    });

    const content = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR';
    expect(calendar).toEqual({ method: 'REQUEST', content });
    expect(attachments).toEqual([
      { filename: 'invite.ics', contentType: 'application/ics', content: Buffer.from(content) },
    ]);
  });

  it('replaces lone surrogates everywhere and drops empty bodies', () => {
    const message = build({ subject: 'a\ud800', text: '\udc00', html: '', tag: '\ud800', metadata: { a: '\ud800' } });

    expect(message).toMatchObject({ subject: 'a\ufffd', text: '\ufffd', tag: '\ufffd', metadata: { a: '\ufffd' } });
    expect(message).not.toHaveProperty('html');
  });

  it('names the field of an invalid address', () => {
    const result = buildMessage(givenSubmission({ cc: ['cc@example.org', 'no address'] }), {
      id: 'i',
      attachments: [],
      now,
    });

    expect(result).toMatchObject({ problem: { reason: 'Malformed', detail: expect.stringMatching(/^cc\[1\]: /) } });
    expect(JSON.stringify(result)).not.toContain('no address');
  });
});

function build(changes: Partial<Submission>, id = 'i', attachments: Buffer[] = []): Message {
  const result = buildMessage(givenSubmission(changes), { id, attachments, now });
  if ('problem' in result) throw new Error(result.problem.detail);
  return result.message;
}

function givenSubmission(changes: Partial<Submission>): Submission {
  return { version: 1, from: 'hector@example.com', to: ['ada@example.org'], text: 'Hello', ...changes };
}

function attachment(filename: string) {
  return { filename, contentType: 'text/plain', content: '' };
}
