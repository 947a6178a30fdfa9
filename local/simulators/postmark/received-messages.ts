import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { Received, ReceptionStatus, Receptions } from '../inbound/posting.ts';
import { postmarkFailure } from './failure.ts';
import { postmarkMessage } from './webhook.ts';

const MESSAGE = /^\/messages\/inbound\/([^/]+)\/(details|retry|bypass)$/;
const STATUSES: readonly string[] = ['blocked', 'processed', 'queued', 'failed', 'scheduled'];
/**
 * Length, in characters, at which Postmark cuts the stored copy of a body (Postmark's messages API, from a summary of its manual,
 * 2026-11-23).
 */
const MOST_STORED = 1024 * 1024;
const MOST_PER_PAGE = 500;

/** Answers a request to Postmark's API about received messages. Returns undefined for any other request. */
export function inboundMessagesAnswer(
  { method, path, query }: SimulatorRequest,
  receiving: Receptions,
): SimulatorAnswer | undefined {
  if (method === 'GET' && path === '/messages/inbound') return search(query, receiving);
  const match = MESSAGE.exec(path);
  if (match === null || method !== (match[2] === 'details' ? 'GET' : 'PUT')) return undefined;
  const received = receiving.get(match[1] ?? '');
  if (received === undefined) return postmarkFailure(422, 701, 'This message was not found.');
  if (match[2] === 'details') return { status: 200, body: { ...details(received), BlockedReason: reason(received) } };
  // The request `bypass` lets Postmark post a blocked mail. The request `retry` lets Postmark post a failed mail again.
  const wanted: ReceptionStatus = match[2] === 'bypass' ? 'blocked' : 'failed';
  if (received.status !== wanted)
    return postmarkFailure(422, 702, `Message was not ${wanted}, so it cannot be sent again.`);
  receiving.repeat(received);
  return { status: 200, body: { ErrorCode: 0, Message: `Successfully scheduled the message for ${match[2]}.` } };
}

function search(query: URLSearchParams, receiving: Receptions): SimulatorAnswer {
  const count = Number(query.get('count'));
  const offset = Number(query.get('offset') ?? Number.NaN);
  if (!Number.isInteger(count) || count < 1 || count > MOST_PER_PAGE || !Number.isInteger(offset) || offset < 0)
    return postmarkFailure(422, 700, `count (at most ${MOST_PER_PAGE}) and offset are required.`);
  const status = query.get('status')?.toLowerCase();
  if (status !== undefined && !STATUSES.includes(status)) return postmarkFailure(422, 700, 'This status is not known.');
  const same = (name: string, value: string): boolean =>
    !query.has(name) || value.toLowerCase() === query.get(name)?.toLowerCase();
  const time = (name: string, otherwise: number): number =>
    query.has(name) ? easternTime(query.get(name)) : otherwise;
  const found = receiving
    .list()
    .filter((received) => {
      const { From, Subject, MailboxHash } = details(received);
      return (
        (status === undefined || received.status === status) &&
        same('recipient', received.mail.to) &&
        same('fromemail', String(From)) &&
        same('subject', String(Subject)) &&
        same('mailboxhash', String(MailboxHash)) &&
        received.at >= time('fromdate', 0) &&
        received.at <= time('todate', Number.POSITIVE_INFINITY)
      );
    })
    .reverse();
  return {
    status: 200,
    body: {
      TotalCount: found.length,
      InboundMessages: found.slice(offset, offset + count).map((received) => {
        const { TextBody, HtmlBody, StrippedTextReply, Headers, RawEmail, ...listed } = details(received);
        // The field `Date` is the Date in the mail's header. If the header has no Date, the field is the time at which the
        // message was received.
        return { ...listed, Date: listed['Date'] === '' ? new Date(received.at).toISOString() : listed['Date'] };
      }),
    },
  };
}

/** Returns a stored message. Long bodies are cut. Attachments have no content, since Postmark does not return their content. */
function details({ id, mail, status }: Received): Record<string, unknown> {
  const message = postmarkMessage(mail, id, false);
  const cut = (text: unknown): string => String(text).slice(0, MOST_STORED);
  return {
    ...message,
    TextBody: cut(message['TextBody']),
    HtmlBody: cut(message['HtmlBody']),
    Attachments: mail.attachments.map(({ filename, contentType, content }) => ({
      Name: filename ?? '',
      ContentType: contentType,
      ContentLength: content.length,
    })),
    Status: status.charAt(0).toUpperCase() + status.slice(1),
  };
}

function reason({ status }: Received): string {
  return status === 'blocked' ? 'Blocked by an inbound rule' : '';
}

/**
 * Converts a time to epoch milliseconds as Postmark does. A time without a zone is read as US Eastern Standard Time (UTC-5). A
 * date without a time of day is read as UTC.
 */
function easternTime(text: string | null): number {
  const value = text ?? '';
  return Date.parse(/T/.test(value) && !/(Z|[+-]\d\d:?\d\d)$/.test(value) ? `${value}-05:00` : value);
}
