import { randomUUID } from 'node:crypto';
import type { CommandOptions } from './options.ts';

/**
 * Returns the mail that is to be received: the given file, or a built-in mail. If `count` is above 1, each mail gets a different
 * Message-ID.
 */
export function readMailFile({ file, from, to, subject, count }: CommandOptions, now: Date): Buffer {
  const messageId = `<${randomUUID()}@mail.example.org>`;
  if (file === undefined) return sample({ from: from ?? 'mailer-daemon@example.org', to, subject, messageId, now });
  return count === 1 ? file : withMessageId(file, messageId);
}

function withMessageId(mail: Buffer, messageId: string): Buffer {
  const text = mail.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const head = text.slice(0, end).replace(/^message-id:.*(\r?\n[ \t].*)*\r?\n?/im, '');
  return Buffer.from(`Message-ID: ${messageId}\r\n${head}${text.slice(end)}`, 'latin1');
}

function sample(mail: {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly now: Date;
}): Buffer {
  const { from, to, subject, messageId, now } = mail;
  const lines = [
    `Received: from mail.example.org (mail.example.org [192.0.2.1]) by mx.example.net; ${now.toUTCString()}`,
    `Message-ID: ${messageId}`,
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    `From: Ada <${from}>`,
    `To: ${to.join(', ')}`,
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="part"',
    '',
    '--part',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('This mail was received with "npm run receive". \u{1f4ec}\r\n').toString('base64'),
    '--part',
    'Content-Type: text/csv; name="figures.csv"',
    'Content-Disposition: attachment; filename="figures.csv"',
    '',
    'one,two',
    '--part--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}
