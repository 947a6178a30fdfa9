import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { Received, Receptions } from '../inbound/posting.ts';
import { headerOf } from '../inbound/received-mail.ts';
import type { Header } from '../mail-view.ts';

/** An event in the form in which Mailgun's Events API returns it. */
type MailgunEvent = Readonly<Record<string, unknown>> & { readonly event: string; readonly timestamp: number };

const EVENTS = /^\/v3\/[^/]+\/events(?:\/([\w-]+))?$/;
const MOST_PER_PAGE = 300;
/** Shortest time for which Mailgun stores events (OpenAPI 3.0.0 of Mailgun, collected 2026-11-23). */
const RETENTION_MS = 3 * 24 * 3_600_000;

/** Answers `GET /v3/<domain>/events` and the URLs of further pages. Returns undefined for any other request. */
export function eventsAnswer(
  { method, path, query, headers }: SimulatorRequest,
  receiving: Receptions,
  timeScale: number,
): SimulatorAnswer | undefined {
  const match = EVENTS.exec(path);
  if (match === null || method !== 'GET') return undefined;
  // The URL of a page contains the encoded query and the offset of the page, like the token in a URL of Mailgun.
  const page = match[1] === undefined ? undefined : Buffer.from(match[1], 'base64url').toString();
  const asked = page === undefined ? new URLSearchParams(query) : new URLSearchParams(page);
  const offset = Number(asked.get('offset') ?? 0);
  const limit = Math.min(MOST_PER_PAGE, Number(asked.get('limit') ?? 100));
  const wanted = asked.get('event')?.split(/\s+OR\s+/);
  const begin = seconds(asked.get('begin'), Number.NEGATIVE_INFINITY);
  const end = seconds(asked.get('end'), Number.POSITIVE_INFINITY);
  // If the parameter `ascending` is missing, the order of the events follows from `begin` and `end`, as the manual describes.
  const ascending = asked.has('ascending') ? asked.get('ascending') === 'yes' : begin < end && asked.has('begin');
  const oldest = (Date.now() - RETENTION_MS / timeScale) / 1000;
  const found = inboundEvents(receiving)
    .filter(({ event, timestamp }) => wanted === undefined || (wanted.includes(event) && timestamp >= oldest))
    .filter(({ timestamp }) => timestamp >= Math.min(begin, end) && timestamp <= Math.max(begin, end))
    .sort((a, b) => (ascending ? a.timestamp - b.timestamp : b.timestamp - a.timestamp));
  const at = (place: number): string => {
    asked.set('offset', String(Math.max(0, place)));
    const base = path.replace(/\/events.*$/, '/events');
    return `http://${headers.host}${base}/${Buffer.from(asked.toString()).toString('base64url')}`;
  };
  return {
    status: 200,
    body: {
      items: found.slice(offset, offset + limit),
      paging: {
        previous: at(offset - limit),
        first: at(0),
        last: at(found.length - limit),
        next: at(Math.min(offset + limit, found.length)),
      },
    },
  };
}

/** Converts a time in epoch seconds or a date of RFC 2822 to epoch seconds. Returns `otherwise` if the parameter is missing. */
function seconds(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  return /^[\d.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

/**
 * Returns Mailgun's events about received mail, each with the URL of the stored mail. If the mail was posted in the form `store`,
 * the event is `stored`. Otherwise the event is `delivered` after a successful post, or `failed` after the last failed post
 * (documentation.mailgun.com, event types and "Storing and retrieving messages", collected 2026-11-25).
 */
function inboundEvents(receiving: Receptions): MailgunEvent[] {
  return receiving.list().flatMap((received): MailgunEvent[] => {
    const { at, options, status, tries } = received;
    const last = tries.at(-1);
    const ended = last === undefined ? at : Date.parse(last.at);
    if (options.form === 'store') return [event(received, receiving, 'stored', at)];
    if (status === 'processed') return [event(received, receiving, 'delivered', ended)];
    if (status !== 'failed') return [];
    return [
      {
        ...event(received, receiving, 'failed', ended),
        severity: 'permanent',
        reason: last?.status === 406 ? 'generic' : 'old',
        'delivery-status': { code: last?.status ?? 0, message: last?.error ?? '', 'attempt-no': tries.length },
      },
    ];
  });
}

function event({ id, mail }: Received, receiving: Receptions, name: string, at: number): MailgunEvent {
  const bare = (value: string): string => value.replace(/^<|>$/g, '');
  const headers: Header[] = ['To', 'From', 'Subject'].map((header) => [header.toLowerCase(), headerOf(mail, header)]);
  return {
    id: `${id.slice(0, 16)}-${name}`,
    event: name,
    timestamp: at / 1000,
    'log-level': name === 'failed' ? 'error' : 'info',
    recipient: mail.to,
    flags: { 'is-routed': true, 'is-authenticated': false, 'is-system-test': false, 'is-test-mode': false },
    envelope: { sender: mail.from ?? '', transport: 'http', targets: mail.to },
    message: {
      headers: { ...Object.fromEntries(headers), 'message-id': bare(headerOf(mail, 'Message-ID')) },
      recipients: [mail.to],
      attachments: mail.attachments.map(({ filename, contentType, content }) => ({
        filename: filename ?? '',
        'content-type': contentType,
        size: content.length,
      })),
      size: mail.raw.length,
    },
    storage: { url: receiving.messageUrl(id), key: id },
    tags: [],
    campaigns: [],
    'user-variables': {},
  };
}
