import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { Received, Receptions } from '../inbound/posting.ts';
import { headerOf } from '../inbound/received-mail.ts';
import { parsed, storedAttachments } from './webhook.ts';

const MESSAGE = /^\/v3\/domains\/[^/]+\/messages\/([^/]+)(?:\/attachments\/(\d+))?$/;
/** Time for which a stored message can be read, in milliseconds (user manual 2024: up to three days). */
const RETENTION_MS = 3 * 24 * 3_600_000;

/**
 * Answers a request to Mailgun's message storage. The answer contains the fields of a mail as JSON, the raw mail (if the request
 * has `Accept: message/rfc2822`), or one attachment. Returns undefined for any other request. The caller must have checked the
 * credentials.
 */
export function storageAnswer(
  { method, path, headers }: SimulatorRequest,
  receiving: Receptions,
  timeScale: number,
): SimulatorAnswer | undefined {
  const match = MESSAGE.exec(path);
  if (match === null || method !== 'GET') return undefined;
  const received = receiving.get(match[1] ?? '');
  if (received === undefined || (Date.now() - received.at) * timeScale > RETENTION_MS)
    return { status: 404, body: { message: 'Message not found' } };
  if (match[2] !== undefined) return attachment(received, Number(match[2]));
  const { mail } = received;
  const envelope = {
    recipients: mail.to,
    recipient: mail.to,
    sender: mail.from ?? '',
    from: headerOf(mail, 'From'),
    subject: headerOf(mail, 'Subject'),
  };
  if (/\bmessage\/rfc2822\b/.test(headers.accept ?? ''))
    return { status: 200, body: { ...envelope, 'body-mime': mail.raw.toString('utf8') } };
  const url = (place: number): string => `${receiving.messageUrl(received.id)}/attachments/${place}`;
  return {
    status: 200,
    body: { ...Object.fromEntries(parsed(mail)), ...envelope, attachments: storedAttachments(mail, url) },
  };
}

function attachment({ mail }: Received, place: number): SimulatorAnswer {
  const found = mail.attachments[place];
  if (found === undefined) return { status: 404, body: { message: 'Attachment not found' } };
  return { status: 200, headers: { 'Content-Type': found.contentType }, body: found.content };
}
