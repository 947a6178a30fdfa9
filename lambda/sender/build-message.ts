import type { Problem } from '../contract/dead-letter.ts';
import type { Submission, SubmissionAttachment } from '../contract/submission.ts';
import { domainOf, parseMailbox, sameMailboxKey } from '../mail/address.ts';
import { withCrlf } from '../mail/line-ends.ts';
import type { Mailbox, Message, MessageAttachment } from '../mail/message.ts';
import { defined } from '../platform/defined.ts';
import { handleOf } from '../providers/reference.ts';

/** Values that are needed to build a message and are not in the submission. */
export interface BuildContext {
  /** The submission's id, or the SQS message id if the submission has no id. */
  readonly id: string;
  /** The contents of the submission's attachments, in the order of the attachments. */
  readonly attachments: readonly Buffer[];
  readonly now: Date;
  /** Address to which the message is sent in place of its recipients. If set, a header lists the original recipients. */
  readonly redirectTo?: string | undefined;
}

/** Name of the header that lists the original recipients of a redirected message. */
const REDIRECTED_FROM = 'X-Mailover-Redirected-From';

type Mailboxes = NonNullable<Submission['to']>;

/**
 * Builds the message of a submission. The code of each provider converts this message to a request of the provider. Returns a
 * problem if an address is malformed.
 */
export function buildMessage(
  submission: Submission,
  { id, attachments, now, redirectTo }: BuildContext,
): { readonly message: Message } | { readonly problem: Problem } {
  const from = parseMailbox(submission.from);
  if ('problem' in from) return { problem: malformed('from', from.problem) };
  const seen = new Set<string>();
  const lists: Record<'to' | 'cc' | 'bcc' | 'replyTo', Mailbox[]> = { to: [], cc: [], bcc: [], replyTo: [] };
  for (const field of ['to', 'cc', 'bcc', 'replyTo'] as const) {
    // An address of Reply-To may also be in To, Cc or Bcc, since the addresses in Reply-To are no recipients.
    const result = distinct(submission[field] ?? [], field === 'replyTo' ? new Set() : seen);
    if ('problem' in result) return { problem: malformed(`${field}[${result.index}]`, result.problem) };
    lists[field] = result.mailboxes;
  }
  const handle = handleOf(id);
  const messageId = `<${handle}@${domainOf(from.address)}>`;
  const { subject = '', text, html, tag, class: className } = submission;
  const calendar = submission.calendar && { ...submission.calendar, content: withCrlf(submission.calendar.content) };
  const message: Message = {
    id,
    handle,
    messageId,
    date: now,
    from,
    ...lists,
    subject: subject.toWellFormed(),
    ...defined({
      class: className,
      text: text ? text.toWellFormed() : undefined,
      html: html ? html.toWellFormed() : undefined,
    }),
    headers: headersOf(submission, id, messageId),
    attachments: [
      ...(submission.attachments ?? []).map((attachment, index) => withBytes(attachment, attachments[index])),
      // The invitation is also attached as a file, for mail programs that ignore its part of `multipart/alternative`.
      ...(calendar
        ? [{ filename: 'invite.ics', contentType: 'application/ics', content: Buffer.from(calendar.content) }]
        : []),
    ],
    ...defined({ calendar, tag: tag?.toWellFormed() }),
    metadata: Object.fromEntries(
      Object.entries(submission.metadata ?? {}).map(([name, value]) => [name, value.toWellFormed()]),
    ),
  };
  return { message: redirectTo === undefined ? message : redirected(message, redirectTo) };
}

/** Largest number of original recipients that the header of a redirected message lists. Providers limit the size of headers. */
const MOST_NAMED = 50;

/** Returns a copy of the message with `address` as its only recipient. */
function redirected(message: Message, address: string): Message {
  const recipients = [...message.to, ...message.cc, ...message.bcc].map((one) => one.address);
  const more = recipients.length > MOST_NAMED ? ` and ${recipients.length - MOST_NAMED} more` : '';
  const named = `${recipients.slice(0, MOST_NAMED).join(', ')}${more}`;
  return { ...message, to: [{ address }], cc: [], bcc: [], headers: [...message.headers, [REDIRECTED_FROM, named]] };
}

/**
 * Parses addresses, and removes repeated addresses. Only the first occurrence in To, Cc and Bcc, in this order, is kept. Returns
 * a problem for the first malformed address.
 */
function distinct(
  given: Mailboxes,
  seen: Set<string>,
): { readonly mailboxes: Mailbox[] } | { readonly problem: string; readonly index: number } {
  const mailboxes: Mailbox[] = [];
  for (const [index, entry] of given.entries()) {
    const mailbox = parseMailbox(entry);
    if ('problem' in mailbox) return { problem: mailbox.problem, index };
    const key = sameMailboxKey(mailbox.address);
    if (!seen.has(key)) mailboxes.push(mailbox);
    seen.add(key);
  }
  return { mailboxes };
}

function headersOf(
  { headers = {}, unsubscribe }: Submission,
  id: string,
  messageId: string,
): [name: string, value: string][] {
  const list: [string, string][] = Object.entries(headers).map(([name, value]) => [name, value.toWellFormed()]);
  const given = (name: string) => list.find(([other]) => other.toLowerCase() === name)?.[1];
  // SES replaces the Message-ID by an id that Mailover does not know. A reply to the mail refers to the id of SES, but also
  // repeats the ids of the header References. Therefore Mailover adds its own Message-ID to References. If the submission is
  // itself a reply, Mailover's Message-ID comes before the id of the answered mail: mail programs take the last id as the parent
  // (RFC 5256), and a mail must not become a reply to itself.
  if (given('references') === undefined) {
    const answered = given('in-reply-to');
    list.push(['References', answered === undefined ? messageId : `${messageId} ${answered}`]);
  }
  list.push(['X-Mailover-Id', id]);
  if (unsubscribe) {
    const { url, mailto } = unsubscribe;
    // The URL parser returns ASCII without angle brackets. The header puts angle brackets around each URL.
    const targets = [...(url ? [new URL(url).href] : []), ...(mailto ? [mailtoUri(mailto)] : [])];
    list.push(['List-Unsubscribe', targets.map((target) => `<${target}>`).join(', ')]);
    // RFC 8058 section 3.1: the header for one-click unsubscription needs an https URL.
    if (url) list.push(['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']);
  }
  return list;
}

function mailtoUri(mailto: string): string {
  if (/^mailto:/i.test(mailto)) return mailto;
  const at = mailto.lastIndexOf('@');
  return `mailto:${encodeURIComponent(mailto.slice(0, at))}${mailto.slice(at)}`;
}

function withBytes(
  { filename, contentType, contentId }: SubmissionAttachment,
  content: Buffer | undefined,
): MessageAttachment {
  if (!content) throw new Error('the bytes of an attachment were not loaded');
  return { filename: filename.toWellFormed(), contentType, content, ...defined({ contentId }) };
}

function malformed(field: string, expected: string): Problem {
  return { reason: 'Malformed', detail: `${field}: given an address; expected ${expected}` };
}
