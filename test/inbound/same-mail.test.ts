import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { arrivedBy, asSent, PARSED, WAYS, type Way } from './six-ways.ts';

// The same mail, whichever way: each mail of a corpus in every form gives equal messages, save for what the table below names.
// The forms are made by the simulated providers, with another way of reading MIME than the receiver's.

const ALL: readonly Way[] = WAYS;

/** What may differ, on which ways, of which mails if not of all, and why. `mailgun-mime` is what the others are compared with. */
interface Exception {
  readonly ways: readonly Way[];
  readonly field: string;
  readonly mails?: readonly string[];
  readonly why: string;
}

const EXCEPTED: readonly Exception[] = [
  { ways: ALL, field: 'provider', why: 'it is another one' },
  { ways: ALL, field: 'providerMessageId', why: 'each provider has ids of its own' },
  { ways: ALL, field: 'raw', why: 'the mail as received, or the request, and where it is' },
  { ways: ALL, field: 'spam', why: 'each provider has a filter of its own' },
  { ways: ALL, field: 'authentication', why: 'for the same reason' },
  { ways: ALL, field: 'strippedText', why: 'parsed forms have it, each by its own rules' },
  { ways: ALL, field: 'id', mails: ['bare'], why: 'a mail with neither Message-ID nor date is told by its reception' },
  {
    ways: PARSED,
    field: 'headers',
    why: 'Mailgun writes names its own way, Postmark tells some as fields and adds its own',
  },
  { ways: PARSED, field: 'attachments.charset', why: 'a parsed form has the media type alone' },
  { ways: PARSED, field: 'attachments.method', why: 'the same, where the calendar itself does not say it' },
  { ways: PARSED, field: 'attachments.contentLocation', why: 'no parsed form tells it' },
  { ways: PARSED, field: 'attachments.inline', why: 'no parsed form tells the disposition' },
  {
    ways: ['mailgun-form'],
    field: 'text',
    mails: ['html-only', 'gmail-files'],
    why: 'Mailgun makes a text of the HTML where a mail has none',
  },
  ...['text', 'attachments'].map((field) => ({
    ways: PARSED,
    field,
    mails: ['bounce'],
    why: 'a provider takes a delivery report apart by its own rules',
  })),
];

const DIRECTORIES = [new URL('./fixtures/', import.meta.url), new URL('./same-mail/', import.meta.url)];
const mails = DIRECTORIES.flatMap((directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ name: name.replace('.eml', ''), raw: asSent(readFileSync(new URL(name, directory))) })),
);

const met = new Set<Exception>();

test.each(mails)('$name', { timeout: 30_000 }, async ({ name, raw }) => {
  const reference = await arrivedBy('mailgun-mime', raw);
  for (const way of WAYS) {
    const message = await arrivedBy(way, raw);

    const excepted = EXCEPTED.filter(({ ways, mails: only }) => ways.includes(way) && (only?.includes(name) ?? true));
    for (const exception of excepted) if (pick(message, exception) !== pick(reference, exception)) met.add(exception);
    expect(without(message, excepted), way).toEqual(without(reference, excepted));
  }
});

test('the table names no more than what differs', () => {
  expect(EXCEPTED.filter((exception) => !met.has(exception))).toEqual([]);
});

/** The message without what may differ. */
function without(message: InboundMessage, excepted: readonly Exception[]): unknown {
  const copy: Record<string, unknown> = structuredClone(message);
  for (const { field } of excepted) {
    const [name = '', inner] = field.split('.');
    if (inner === undefined) delete copy[name];
    else for (const entry of (copy[name] as Record<string, unknown>[] | undefined) ?? []) delete entry[inner];
  }
  return copy;
}

function pick(message: InboundMessage, { field }: Exception): string | undefined {
  const [name = '', inner] = field.split('.');
  const value: unknown = message[name as keyof InboundMessage];
  return JSON.stringify(inner ? (value as Record<string, unknown>[] | undefined)?.map((one) => one[inner]) : value);
}
