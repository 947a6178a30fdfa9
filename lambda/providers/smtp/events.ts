import { createHash } from 'node:crypto';
import type { HeaderField } from '../../mail/header-fields.ts';
import { structured } from '../../mail/structured.ts';
import { defined } from '../../platform/defined.ts';
import { bounceIn, codeIn, replyIn } from '../diagnostic.ts';
import { eventMeaning, type ReportedEvent, UNKNOWN_EVENT } from '../event.ts';
import { addressOf, joinedWords, messageIdOf } from '../event-fields.ts';
import type { MailContent } from '../inbound.ts';
import { handleOf, type Reference } from '../reference.ts';
import { REPORT_EVENTS } from './event-facts.ts';

/** Largest number of recipients that are read from one report. */
const MOST_RECIPIENTS = 1_000;

type Fields = ReadonlyMap<string, string>;

/**
 * Reads the events in a received mail that is a delivery report (RFC 3464) or a report of an abuse desk (RFC 5965) about a sent
 * mail. Both have the type `multipart/report` (RFC 6522). The result for any other mail is an empty list.
 *
 * Reports are not signed: any person who has seen a mail can forge a report about it.
 */
export function readReport({ headers, files }: Pick<MailContent, 'headers' | 'files'>): readonly ReportedEvent[] {
  const parts = files.map(({ contentType, content }) => ({ type: structured(contentType).value, content }));
  const report = parts.find(({ type }) => /^message\/(global-)?(delivery-status|feedback-report)$/i.test(type));
  if (report === undefined) return [];
  const [first = new Map(), ...rest] = groupsOf(report);
  const original = originalOf(parts);
  const reference = referenceIn(original);
  const providerMessageId = messageIdOf(original.get('message-id'));
  const about = { reference, providerMessageId };
  const at = timeIn(first.get('arrival-date')) ?? timeIn(headers.find(([name]) => /^date$/i.test(name))?.[1]);
  if (/feedback-report$/i.test(report.type)) return [feedback(first, original, about, at)];
  return rest
    .slice(0, MOST_RECIPIENTS)
    .map((group) => delivery(group, about, timeIn(group.get('last-attempt-date')) ?? at));
}

type About = Pick<ReportedEvent, 'reference' | 'providerMessageId'>;

function delivery(group: Fields, about: About, at: number | undefined): ReportedEvent {
  const action = group.get('action')?.trim().toLowerCase() ?? '';
  const status = /^[245]\.\d{1,3}\.\d{1,3}/.exec(group.get('status')?.trim() ?? '')?.[0] ?? '';
  const words = group.get('diagnostic-code');
  const reply =
    (words === undefined ? undefined : replyIn(words)) ??
    (/^[45]/.test(status) ? `${status[0]}50 ${status}` : undefined);
  const byTable = eventMeaning(REPORT_EVENTS, { at: action, code: status, text: '' });
  const found = action === 'failed' && reply !== undefined && !status.startsWith('4') ? bounceIn(reply) : undefined;
  const recipient = recipientIn(group.get('original-recipient')) ?? recipientIn(group.get('final-recipient'));
  return {
    ...(found ?? byTable),
    eventId: idOf([about.reference.submissionId, about.providerMessageId, action, recipient, status, at]),
    recipient,
    ...about,
    at,
    detail: joinedWords(words),
    smtpCode: status || codeIn(reply),
    ...defined({ unknownType: byTable === UNKNOWN_EVENT ? action : undefined }),
  };
}

function feedback(group: Fields, original: Fields, about: About, at: number | undefined): ReportedEvent {
  const type = group.get('feedback-type')?.trim().toLowerCase() ?? '';
  const means = eventMeaning(REPORT_EVENTS, { at: 'feedback', code: type, text: '' });
  const recipient = recipientIn(group.get('original-rcpt-to')) ?? addressOf(original.get('to'));
  return {
    ...means,
    eventId: idOf([about.reference.submissionId, about.providerMessageId, 'feedback', type, recipient]),
    recipient,
    ...about,
    at: timeIn(group.get('arrival-date')) ?? at,
    ...defined({ unknownType: means === UNKNOWN_EVENT ? type : undefined }),
  };
}

/**
 * Returns an id of an event, made from `parts`, since reports have no id. Copies of one report, for example after a retry of a
 * provider, have the same id.
 */
function idOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** Returns the address in `rfc822;ada@example.org`, in `ada@example.org` or in `<ada@example.org>`. */
function recipientIn(value: string | undefined): string | undefined {
  return addressOf(value?.replace(/^\s*(rfc822|utf-8)\s*;/i, ''));
}

interface Part {
  readonly type: string;
  readonly content: Uint8Array;
}

function textOf({ content }: Part): string {
  return Buffer.from(content).toString('utf8');
}

/** Returns the groups of fields in a report, which blank lines separate. The first group is about the whole report. */
function groupsOf(part: Part): Fields[] {
  return textOf(part)
    .replace(/\r\n?/g, '\n')
    .split(/\n[ \t]*\n/)
    .map(fieldsIn)
    .filter(({ size }) => size > 0);
}

/**
 * Returns the header fields of the mail that the report is about. The report contains this mail, completely or without its body.
 * If it does not, the result is empty.
 */
function originalOf(parts: readonly Part[]): Fields {
  const part = parts.find(({ type }) => /^(message\/(rfc822|global|rfc822-headers)|text\/rfc822-headers)$/i.test(type));
  const text = part ? textOf(part).replace(/\r\n?/g, '\n') : '';
  return fieldsIn(text.trimStart().split(/\n[ \t]*\n/, 1)[0] ?? '');
}

/**
 * Returns the unfolded fields in a text, by name in lower case. Of several fields with the same name, the first field is used.
 */
function fieldsIn(text: string): Fields {
  const fields = new Map<string, string>();
  for (const line of text.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, value = ''] = /^([\w-]{1,80})[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    if (name && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value);
  }
  return fields;
}

/** Name, in lower case, of the header with the submission's id. Mailover writes this header into every mail that it sends. */
const OWN_HEADER = 'x-mailover-id';

/**
 * Returns a reference with the submission's id in {@link OWN_HEADER}, if the Message-ID begins with the handle of this id;
 * otherwise an empty reference.
 */
function referenceIn(original: Fields): Reference {
  const id = original.get(OWN_HEADER)?.trim() ?? '';
  const [handle] = messageIdOf(original.get('message-id'))?.split('@') ?? [];
  return id !== '' && handle === handleOf(id) ? { submissionId: id } : {};
}

function timeIn(value: HeaderField[1] | undefined): number | undefined {
  const at = Date.parse(structured(value ?? '').value);
  return Number.isNaN(at) ? undefined : at;
}
