import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { InboundMessage } from '../../../lambda/contract/inbound.ts';
import { SIBLINGS } from './siblings.ts';
import { arrivedBy, asSent, PARSED, WAYS, type Way } from './six-ways.ts';

// Each mail of a corpus arrives in every format in which a provider can post it. The resulting messages must be equal, apart from
// the exceptions in the table below. The simulated providers parse mail with the same parser as the receiver. Therefore
// differences come from the format, or from the transport.

const ALL: readonly Way[] = WAYS;

/**
 * A field whose value may differ between the formats in which a mail arrives. The other properties say in which formats (`ways`),
 * for which mails (`of`) and why. All formats are compared with `mailgun-mime`.
 */
interface Exception {
  readonly ways: readonly Way[];
  readonly field: string;
  /**
   * Returns whether the exception applies to a mail. The arguments are the message that results from `mailgun-mime`, and the
   * original mail. @default - all mails
   */
  readonly of?: (message: InboundMessage, raw: Buffer) => boolean;
  readonly why: string;
}

const EXCEPTED: readonly Exception[] = [
  { ways: ALL, field: 'provider', why: 'it is another one' },
  { ways: ALL, field: 'providerMessageId', why: 'each provider has ids of its own' },
  { ways: ALL, field: 'raw', why: 'the mail as received, or the request, and where it is' },
  { ways: ALL, field: 'spam', why: 'each provider has a filter of its own' },
  { ways: ALL, field: 'authentication', why: 'for the same reason' },
  { ways: ALL, field: 'strippedText', why: 'parsed forms have it, each by its own rules' },
  {
    ways: ALL,
    field: 'id',
    of: ({ messageId, date }) => !messageId && !date,
    why: 'a mail with neither Message-ID nor date is identified by its reception',
  },
  {
    ways: PARSED,
    field: 'headers',
    why: 'Mailgun writes names its own way, Postmark gives some as fields and adds its own',
  },
  { ways: PARSED, field: 'attachments.charset', why: 'a parsed form has the media type alone' },
  { ways: PARSED, field: 'attachments.method', why: 'the same, where the calendar itself does not say it' },
  { ways: PARSED, field: 'attachments.contentLocation', why: 'no parsed form has it' },
  { ways: PARSED, field: 'attachments.inline', why: 'no parsed form has the disposition' },
  {
    ways: ['mailgun-form'],
    field: 'text',
    of: ({ text }) => text === undefined,
    why: 'Mailgun makes a text of the HTML where a mail has none',
  },
  {
    ways: ['postmark-json'],
    field: 'from',
    of: ({ from = [] }) => from.length > 1,
    why: 'Postmark tells one author',
  },
  ...(['from', 'cc'] as const).map((field) => ({
    ways: ['mailgun-form' as const],
    field,
    of: (message: InboundMessage, raw: Buffer) =>
      raw.includes('=?') && (message[field] ?? []).some(({ name = '' }) => /[()<>";,]/.test(name)),
    why: 'Mailgun decodes names, so that signs within an encoded word are those of the header',
  })),
  { ways: PARSED, field: 'flags.truncated', why: 'a provider does not tell that a mail has no end' },
  { ways: PARSED, field: 'flags.unparsable', why: 'nor how much of it could not be read' },
  {
    ways: ['mailgun-stored', 'postmark-raw'],
    field: 'headers',
    of: (_message, raw) => !isUtf8(raw),
    why: 'JSON holds no bytes: a header in another charset is damaged there, and not all are told apart from it',
  },
  {
    ways: ['mailgun-stored', 'postmark-raw'],
    field: 'flags.unparsable',
    of: (_message, raw) => !isUtf8(raw),
    why: 'a text that is damaged there is flagged',
  },
];

const DIRECTORIES = ['fixtures', 'same-mail', 'field'].map((name) => new URL(`./${name}/`, import.meta.url));
const files = DIRECTORIES.flatMap((directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ name: name.replace('.eml', ''), raw: asSent(readFileSync(new URL(name, directory))) })),
);

const mails = [...files, ...SIBLINGS.map(({ name, mail }) => ({ name, raw: mail }))];

const met = new Set<Exception>();

test.each(mails)('$name', { timeout: 30_000 }, async ({ raw }) => {
  const reference = await arrivedBy('mailgun-mime', raw);
  for (const way of WAYS) {
    const message = await arrivedBy(way, raw);

    const excepted = EXCEPTED.filter(({ ways, of }) => ways.includes(way) && (of?.(reference, raw) ?? true));
    for (const exception of excepted) if (pick(message, exception) !== pick(reference, exception)) met.add(exception);
    expect(without(message, excepted), way).toEqual(without(reference, excepted));
  }
});

test('every exception in the table is needed', () => {
  expect(EXCEPTED.filter((exception) => !met.has(exception))).toEqual([]);
});

/** Returns the message without the fields that may differ. */
function without(message: InboundMessage, excepted: readonly Exception[]): unknown {
  const copy: Record<string, unknown> = structuredClone(message);
  for (const { field } of excepted) {
    const [name = '', inner] = field.split('.');
    const value = copy[name];
    if (inner === undefined) delete copy[name];
    else if (Array.isArray(value)) {
      const rest = value.filter((one) => one !== inner);
      for (const one of rest) if (typeof one === 'object') delete one[inner];
      copy[name] = rest;
      if (rest.length === 0) delete copy[name];
    }
  }
  return copy;
}

function pick(message: InboundMessage, { field }: Exception): string | undefined {
  const [name = '', inner = ''] = field.split('.');
  const value: unknown = message[name as keyof InboundMessage];
  if (inner === '' || !Array.isArray(value)) return inner === '' ? JSON.stringify(value) : undefined;
  return JSON.stringify(value.map((one) => (typeof one === 'object' ? one[inner] : one === inner)));
}
