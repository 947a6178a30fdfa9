import { randomUUID } from 'node:crypto';
import { domainOf } from '../../../lambda/mail/address.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Taking } from '../accepted-log.ts';
import { addressesOf, hasDottedDomain, isAddress, isVerified } from '../mailbox-list.ts';
import { type PostmarkMail, postmarkTaking } from './mail.ts';
import type { PostmarkSuppressions } from './suppressions.ts';

// Sources, both collected 2026-11-23: postmarkapp.com/developer/api/overview for the error codes, and Postmark's user guide for
// the limits and file types.
const MAX_RECIPIENTS = 50;
const MAX_BODY_BYTES = 5 * 1024 * 1024;
const FORBIDDEN = new Set(
  'vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif reg scr sct shs vbe vba wsf wsh wsl msc msi msp mst'.split(
    ' ',
  ),
);

interface Server {
  readonly streams: ReadonlySet<string>;
  readonly suppressions: PostmarkSuppressions;
  /** Whether the server validates mail but does not send it. */
  readonly test: boolean;
}

interface Result {
  readonly status: number;
  readonly reply: Readonly<Record<string, unknown>>;
  readonly taken?: Taking;
}

/**
 * Validates one message as Postmark does. A valid message is accepted for all recipients that are not inactive. Postmark's test
 * addresses for bounces are accepted like any other address.
 */
export function sendPostmarkMail(mail: PostmarkMail, server: Server): Result {
  const { fields, recipients } = mail;
  const defect = defectOf(mail, server);
  if (defect) return { status: 422, reply: { ErrorCode: defect[0], Message: defect[1] } };
  const stream = fields.MessageStream ?? 'outbound';
  const inactive = recipients.filter((address) => server.suppressions.has(stream, address));
  if (inactive.length === recipients.length) {
    const Message = `You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ${inactive.join(', ')}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.`;
    return { status: 422, reply: { ErrorCode: 406, Message } };
  }
  const MessageID = randomUUID();
  const reply = {
    To: fields.To ?? '',
    ...defined({ Cc: fields.Cc || undefined, Bcc: fields.Bcc || undefined }),
    SubmittedAt: new Date().toISOString(),
    MessageID,
    ErrorCode: 0,
    Message:
      inactive.length > 0
        ? `Message OK, but will not deliver to these inactive addresses: ${inactive.join(', ')}.`
        : 'OK',
  };
  if (server.test) return { status: 200, reply: { ...reply, Message: 'Test job accepted' } };
  const active = recipients.filter((address) => !inactive.includes(address));
  const from = addressesOf(fields.From ?? [])[0] ?? '';
  return { status: 200, reply, taken: postmarkTaking(mail, MessageID, from, active) };
}

function defectOf({ fields, recipients }: PostmarkMail, server: Server): [code: number, message: string] | undefined {
  const from = addressesOf(fields.From ?? []);
  for (const field of ['From', 'To', 'Cc', 'Bcc', 'ReplyTo'] as const) {
    const illegal = addressesOf(fields[field] ?? []).find((address) => address.includes('@') && !isMailbox(address));
    if (illegal) return [300, `Error parsing '${field}': Illegal email mailbox in address '${illegal}'.`];
    const dotless = addressesOf(fields[field] ?? []).find((address) => isAddress(address) && !hasDottedDomain(address));
    if (dotless)
      return [300, `Error parsing '${field}': Illegal email domain '${domainOf(dotless)}' in address '${dotless}'.`];
  }
  if (from.length !== 1 || !from.every(isAddress)) return [300, `Invalid 'From' address: '${fields.From ?? ''}'.`];
  if (!fields.To && recipients.length === 0) return [300, 'Zero recipients specified'];
  for (const field of ['To', 'Cc', 'Bcc'] as const)
    if (!addressesOf(fields[field] ?? []).every(isAddress))
      return [300, `Invalid '${field}' address: '${fields[field]}'.`];
  if (recipients.length > MAX_RECIPIENTS)
    return [
      300,
      `Too many recipients: ${recipients.length}. Maximum allowed number of recipients is ${MAX_RECIPIENTS}.`,
    ];
  if (!fields.TextBody && !fields.HtmlBody) return [300, 'Provide either email TextBody or HtmlBody or both.'];
  for (const field of ['TextBody', 'HtmlBody'] as const)
    if (Buffer.byteLength(fields[field] ?? '') > MAX_BODY_BYTES) return [300, `The '${field}' is larger than 5 MB.`];
  if ((fields.Tag?.length ?? 0) > 1_000) return [300, "The 'Tag' is longer than 1000 characters."];
  const metadata = Object.entries(fields.Metadata ?? {});
  if (metadata.length > 10 || metadata.some(([name, value]) => name.length > 20 || value.length > 80))
    return [300, 'Invalid metadata: at most 10 fields, names of 20 and values of 80 characters.'];
  const file = fields.Attachments?.find(({ Name }) => FORBIDDEN.has(Name.split('.').at(-1)?.toLowerCase() ?? ''));
  if (file) return [411, `Attachment type not allowed: '${file.Name}'.`];
  if (fields.Attachments?.some(({ Content }) => Content === '')) return [300, 'Zero-sized attachments not allowed.'];
  const stream = fields.MessageStream ?? 'outbound';
  if (!server.streams.has(stream))
    return [1235, `The message stream for the provided 'ID' was not found: '${stream}'.`];
  if (!server.test && !from.every((address) => isVerified(address)))
    return [
      400,
      `The 'From' address you supplied (${from[0]}) is not a Sender Signature on your account. Please add and confirm this address in order to be able to use it in the 'From' field of your requests.`,
    ];
  return undefined;
}

/**
 * Whether Postmark accepts the local part of an address. It may not begin or end with a dot, and may not contain two dots in a
 * row (support article 1180, 2026-11-28).
 */
function isMailbox(address: string): boolean {
  const mailbox = address.slice(0, address.lastIndexOf('@'));
  return /^[a-z0-9.!#$%&'`*+\-/=^_{|}~]+$/i.test(mailbox) && !/^\.|\.$|\.\./.test(mailbox);
}
