import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { Received, ReceptionStatus, Receptions } from '../inbound/posting.ts';
import { postmarkMessage } from './webhook.ts';

const MESSAGE = /^\/messages\/inbound\/([^/]+)\/(details|retry|bypass)$/;
const STATUSES: readonly string[] = ['blocked', 'processed', 'queued', 'failed', 'scheduled'];
/** The stored copy of a body is cut above this (Postmark's messages API, through a digest of its manual, 2026-11-23). */
const MOST_STORED = 1024 * 1024;
const MOST_PER_PAGE = 500;

/** Postmark's API of received messages; undefined for any other request. */
export function inboundMessagesAnswer(
  { method, path, query }: SimulatorRequest,
  receiving: Receptions,
): SimulatorAnswer | undefined {
  if (method === 'GET' && path === '/messages/inbound') return search(query, receiving);
  const match = MESSAGE.exec(path);
  if (match === null || method !== (match[2] === 'details' ? 'GET' : 'PUT')) return undefined;
  const received = receiving.get(match[1] ?? '');
  if (received === undefined) return failure(701, 'This message was not found.');
  if (match[2] === 'details') return { status: 200, body: { ...details(received), BlockedReason: reason(received) } };
  // `bypass` repeats blocked mail only, `retry` failed mail only.
  const wanted: ReceptionStatus = match[2] === 'bypass' ? 'blocked' : 'failed';
  if (received.status !== wanted) return failure(702, `Message was not ${wanted}, so it cannot be sent again.`);
  receiving.repeat(received);
  return { status: 200, body: { ErrorCode: 0, Message: `Successfully scheduled the message for ${match[2]}.` } };
}

function search(query: URLSearchParams, receiving: Receptions): SimulatorAnswer {
  const count = Number(query.get('count'));
  const offset = Number(query.get('offset') ?? Number.NaN);
  if (!Number.isInteger(count) || count < 1 || count > MOST_PER_PAGE || !Number.isInteger(offset) || offset < 0)
    return failure(700, `count (at most ${MOST_PER_PAGE}) and offset are required.`);
  const status = query.get('status')?.toLowerCase();
  if (status !== undefined && !STATUSES.includes(status)) return failure(700, 'This status is not known.');
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
        // Each row of the list has a time; the message itself has the time of its Date header, if there is one.
        return { ...listed, Date: listed['Date'] === '' ? new Date(received.at).toISOString() : listed['Date'] };
      }),
    },
  };
}

/** A stored message: bodies cut, attachments by name only, since Postmark does not return their content. */
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

/** Postmark reads times without a zone as US Eastern; with one, or as a bare date, they are what they say. */
function easternTime(text: string | null): number {
  const value = text ?? '';
  return Date.parse(/T/.test(value) && !/(Z|[+-]\d\d:?\d\d)$/.test(value) ? `${value}-05:00` : value);
}

function failure(ErrorCode: number, Message: string): SimulatorAnswer {
  return { status: 422, body: { ErrorCode, Message } };
}
