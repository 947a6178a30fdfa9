import type { InboundMessage } from '../../../lambda/contract/inbound.ts';

/** Expectations of a test case about the message that is made from a mail. The test does not check fields that are absent here. */
export interface Expected {
  readonly text?: string | null;
  readonly html?: string | null;
  readonly subject?: string | null;
  readonly textAnyOf?: readonly string[];
  readonly textContains?: readonly string[];
  readonly textLacks?: readonly string[];
  readonly htmlContains?: readonly string[];
  readonly htmlLacks?: readonly string[];
  /** If present, the text may have only CRLF line ends. */
  readonly lineEnds?: unknown;
  readonly from?: readonly ExpectedMailbox[];
  readonly to?: readonly ExpectedMailbox[];
  readonly cc?: readonly ExpectedMailbox[];
  readonly replyTo?: readonly ExpectedMailbox[];
  readonly date?: string | null;
  readonly dateAnyOf?: readonly string[];
  readonly inReplyTo?: string | null;
  readonly inReplyToAnyOf?: readonly string[];
  readonly references?: readonly string[] | null;
  readonly referencesEnd?: readonly string[];
  readonly messageId?: string | null;
  readonly attachments?: readonly ExpectedFile[];
  readonly flagsInclude?: readonly string[];
  readonly flagsAnyOf?: readonly string[];
  readonly flagsLack?: readonly string[];
  /** The message must meet at least one of these expectations, in addition to all other fields. */
  readonly anyOf?: readonly Expected[];
}

interface ExpectedMailbox {
  readonly address: string;
  /** If this is a list, the name must be one of its values. */
  readonly name?: string | null | readonly (string | null)[];
}

interface ExpectedFile {
  readonly filename?: string | null;
  readonly contentType?: string | readonly string[];
  readonly contentId?: string;
  readonly size?: number;
  readonly inline?: boolean;
  readonly method?: string;
  readonly contentLocation?: string;
}

/** The fields of a message that a test case can check. */
export type Read = Pick<
  InboundMessage,
  | 'text'
  | 'html'
  | 'subject'
  | 'from'
  | 'to'
  | 'cc'
  | 'replyTo'
  | 'date'
  | 'inReplyTo'
  | 'references'
  | 'messageId'
  | 'flags'
> & { readonly attachments?: readonly Partial<NonNullable<InboundMessage['attachments']>[number]>[] };

/** Returns the differences between a message and what a test case expects of it; empty if there are none. */
export function problemsOf(message: Read, expected: Expected): string[] {
  const problems: string[] = [];
  const want = (ok: boolean, what: string, given: unknown) => {
    if (!ok) problems.push(`${what}: ${JSON.stringify(given)?.slice(0, 300)}`);
  };
  const { text = '', html = '', flags = [], references = [] } = message;
  for (const key of ['text', 'html', 'subject'] as const)
    if (expected[key] !== undefined) want(even(message[key] ?? '') === even(expected[key] ?? ''), key, message[key]);
  if (expected.textAnyOf)
    want(
      expected.textAnyOf.some((one) => lines(one) === lines(text)),
      'textAnyOf',
      text,
    );
  for (const piece of expected.textContains ?? [])
    want(even(text).includes(even(piece)), `text contains ${piece}`, text);
  for (const piece of expected.textLacks ?? []) want(!even(text).includes(even(piece)), `text lacks ${piece}`, text);
  for (const piece of expected.htmlContains ?? [])
    want(even(html).includes(even(piece)), `html contains ${piece}`, html);
  for (const piece of expected.htmlLacks ?? []) want(!even(html).includes(even(piece)), `html lacks ${piece}`, html);
  if (expected.lineEnds) want(!/(^|[^\r])\n|\r(?!\n)/.test(text), 'line ends', text);
  for (const key of ['from', 'to', 'cc', 'replyTo'] as const)
    if (expected[key]) want(sameMailboxes(message[key] ?? [], expected[key]), key, message[key]);
  for (const key of ['date', 'inReplyTo', 'messageId'] as const)
    if (expected[key] !== undefined) want((message[key] ?? null) === expected[key], key, message[key]);
  if (expected.dateAnyOf) want(expected.dateAnyOf.includes(message.date ?? ''), 'dateAnyOf', message.date);
  if (expected.inReplyToAnyOf)
    want(expected.inReplyToAnyOf.includes(message.inReplyTo ?? ''), 'inReplyToAnyOf', message.inReplyTo);
  if (expected.references !== undefined)
    want(JSON.stringify(references) === JSON.stringify(expected.references ?? []), 'references', references);
  if (expected.referencesEnd)
    want(
      JSON.stringify(references.slice(-expected.referencesEnd.length)) === JSON.stringify(expected.referencesEnd),
      'referencesEnd',
      references.slice(-3),
    );
  if (expected.attachments)
    want(sameFiles(message.attachments ?? [], expected.attachments), 'attachments', message.attachments);
  const has = (flag: string) => flags.some((given) => given === flag);
  if (expected.flagsInclude) want(expected.flagsInclude.every(has), 'flagsInclude', flags);
  if (expected.flagsAnyOf) want(expected.flagsAnyOf.some(has), 'flagsAnyOf', flags);
  if (expected.flagsLack) want(!expected.flagsLack.some(has), 'flagsLack', flags);
  if (expected.anyOf)
    want(
      expected.anyOf.some((one) => problemsOf(message, one).length === 0),
      'anyOf',
      expected.anyOf.map((one) => problemsOf(message, one)),
    );
  return problems;
}

/** Normalises a text: unifies its line ends, and removes white space at its start and end. */
function even(text: string): string {
  return text.replace(/\r\n?/g, '\n').trim();
}

/** Normalises a text as `even` does, and also removes white space at the end of each line. */
function lines(text: string): string {
  return even(text).replace(/[ \t]+$/gm, '');
}

function sameMailboxes(given: NonNullable<Read['from']>, expected: readonly ExpectedMailbox[]): boolean {
  return (
    given.length === expected.length &&
    expected.every(({ address, name = null }, place) => {
      const names = Array.isArray(name) ? name : [name];
      return given[place]?.address === address && names.includes(given[place]?.name ?? null);
    })
  );
}

/** Compares attachments in any order. Only the properties that an expected attachment has are compared. */
function sameFiles(given: NonNullable<Read['attachments']>, expected: readonly ExpectedFile[]): boolean {
  const left = [...given];
  for (const wanted of expected) {
    const place = left.findIndex((file) => isFile(file, wanted));
    if (place === -1) return false;
    left.splice(place, 1);
  }
  return left.length === 0;
}

function isFile(file: NonNullable<Read['attachments']>[number], wanted: ExpectedFile): boolean {
  const { filename, contentType, contentId, size, inline, method, contentLocation } = wanted;
  return (
    (filename === undefined || (file.filename ?? null) === filename) &&
    (contentType === undefined || [contentType].flat().includes(file.contentType ?? '')) &&
    (contentId === undefined || file.contentId === contentId) &&
    (size === undefined || file.size === size) &&
    (method === undefined || file.method === method) &&
    (contentLocation === undefined || file.contentLocation === contentLocation) &&
    (inline === undefined || (file.inline ?? false) === inline)
  );
}
