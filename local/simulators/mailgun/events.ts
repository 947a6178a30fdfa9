import { randomBytes } from 'node:crypto';
import type { StackClock } from '../../clock.ts';
import type { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import { type SimulatedEvent, simulatedEvents } from '../events/simulated-events.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';

/** The fields of an accepted mail that Mailgun's events about the mail contain. */
export interface EventfulMail {
  /** Message-ID without angle brackets, as in the events. */
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly size: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

interface QueuedEvent {
  /**
   * Time from which the Events API returns the event, in epoch milliseconds by the clock of the local stack (which may run faster
   * than real time).
   */
  readonly visibleAt: number;
  readonly event: Readonly<Record<string, unknown>> & { readonly timestamp: number };
}

// Delays until the Events API returns an event, in milliseconds by the clock of the local stack. At Mailgun events become visible
// out of order (user manual, event polling, 2026-11-25). Mailgun does not publish the delays.
const ACCEPTED_VISIBLE_MS = 3_000;
const OTHERS_VISIBLE_MS = 6_000;
/**
 * Largest number of stored events. If there are more events, only the newest half of this number is kept, to limit the memory.
 * Mailgun itself stores events for days.
 */
const KEPT = 200_000;
const MAX_PAGE = 300;

/**
 * The events of one domain at Mailgun. For each recipient of an accepted mail there is an event `accepted`, and later an event
 * about the delivery, failure or complaint.
 */
export class MailgunEvents {
  readonly #domain: string;
  readonly #clock: StackClock;
  readonly #report: Report;
  readonly #list: SimulatedList;
  #queued: QueuedEvent[] = [];

  /**
   * `list` is the suppression list of the domain; hard bounces and complaints are added to it. `report` posts an event to the
   * webhook.
   */
  constructor(domain: string, clock: StackClock, list: SimulatedList, report: Report) {
    this.#domain = domain;
    this.#clock = clock;
    this.#list = list;
    this.#report = report;
  }

  take(mail: EventfulMail): void {
    const now = this.#clock.now();
    for (const recipient of mail.to) {
      const listed = this.#list.get(recipient);
      for (const simulated of simulatedEvents(recipient, listed !== undefined)) {
        const at = now + simulated.afterMs;
        const event = {
          ...this.#event(mail, recipient, this.#clock.toReal(at)),
          ...outcomeOf(simulated, listed?.reason),
        };
        const hiddenMs = simulated.kind === 'accepted' ? ACCEPTED_VISIBLE_MS : OTHERS_VISIBLE_MS;
        this.#queued.push({ visibleAt: at + hiddenMs, event });
        this.#report(event, simulated.afterMs);
        if (simulated.kind === 'bounced' && simulated.fate.hard)
          this.#list.add(recipient, 'bounce', event.timestamp * 1000, simulated.fate.reply);
        if (simulated.kind === 'complained') this.#list.add(recipient, 'complaint', event.timestamp * 1000);
      }
    }
    if (this.#queued.length > KEPT) this.#queued = this.#queued.slice(-KEPT / 2);
  }

  /** Answers with one page of events, and with the URLs of further pages. The previous and next pages may have no events. */
  answer({ query, headers }: SimulatorRequest, page: string | undefined): SimulatorAnswer {
    const asked = page === undefined ? firstPage(query) : readPage(page);
    if (typeof asked === 'string') return { status: 400, body: { message: asked } };
    const { filters, begin, end, descending, limit, skip } = asked;
    const now = this.#clock.now();
    const [from, to] = begin <= end ? [begin, end] : [end, begin];
    const matching = this.#queued
      .filter(({ visibleAt, event }) => visibleAt <= now && event.timestamp >= from && event.timestamp <= to)
      .map(({ event }) => event)
      .filter((event) => filters.every(([field, expression]) => matches(valuesIn(event, field), expression)))
      .toSorted((a, b) => (descending ? b.timestamp - a.timestamp : a.timestamp - b.timestamp));
    const url = (at: number) =>
      `http://${headers.host}/v3/${this.#domain}/events/${writePage({ ...asked, skip: Math.max(0, at) })}`;
    const items = matching.slice(skip, skip + limit);
    return {
      status: 200,
      body: {
        items,
        paging: {
          first: url(0),
          previous: url(skip - limit),
          // The page after the last page has no events yet. The URL of this page returns events that are added later.
          next: url(skip + items.length),
          last: url(matching.length - limit),
        },
      },
    };
  }

  #event(mail: EventfulMail, recipient: string, at: number) {
    return {
      id: randomBytes(16).toString('base64url'),
      timestamp: at / 1000,
      method: 'HTTP',
      recipient,
      'recipient-domain': recipient.slice(recipient.lastIndexOf('@') + 1),
      envelope: { sender: mail.from, targets: recipient, transport: 'smtp' },
      message: {
        headers: { to: mail.to.join(', '), 'message-id': mail.messageId, from: mail.from, subject: mail.subject },
        attachments: [],
        size: mail.size,
      },
      flags: { 'is-authenticated': true, 'is-routed': false, 'is-system-test': false, 'is-test-mode': false },
      tags: mail.tags,
      campaigns: [],
      'user-variables': mail.variables,
    };
  }
}

/** Returns the fields of an event that describe the outcome (documentation.mailgun.com, event-structure, 2026-11-23). */
function outcomeOf({ kind, fate }: SimulatedEvent, listed: 'bounce' | 'complaint' = 'bounce') {
  const status = (code: number, message: string, description: string) => ({
    'delivery-status': { code, message, description, 'attempt-no': 1, 'mx-host': 'mx.example.com' },
  });
  const [, code = '', message = ''] = /^(\d+) (.*)$/.exec(fate.reply) ?? [];
  switch (kind) {
    case 'accepted':
    case 'complained':
      return { event: kind, 'log-level': 'info' };
    case 'delivered':
      return { event: kind, 'log-level': 'info', ...status(250, 'OK', '') };
    case 'deferred':
      return {
        event: 'failed',
        severity: 'temporary',
        reason: 'generic',
        'log-level': 'warn',
        ...status(Number(code), message, ''),
      };
    case 'bounced':
      return {
        event: 'failed',
        severity: 'permanent',
        // Mailgun reports the reason `generic` for a failure to which none of its other reasons applies.
        reason: fate.hard ? 'bounce' : 'generic',
        'log-level': 'error',
        ...status(Number(code), message, ''),
      };
    case 'listed':
      return {
        event: 'failed',
        severity: 'permanent',
        reason: `suppress-${listed}`,
        'log-level': 'error',
        ...status(
          listed === 'bounce' ? 605 : 607,
          '',
          `Not delivering to previously ${listed === 'bounce' ? 'bounced' : 'complained'} address`,
        ),
      };
    default:
      return kind satisfies never;
  }
}

interface Asked {
  readonly filters: readonly (readonly [field: string, expression: string])[];
  /** Time in epoch seconds. */
  readonly begin: number;
  readonly end: number;
  readonly descending: boolean;
  readonly limit: number;
  readonly skip: number;
}

const FIELDS = ['event', 'message-id', 'recipient', 'from', 'to', 'subject', 'tags', 'severity'];

function firstPage(query: URLSearchParams): Asked | string {
  const { begin, end } = { begin: timeOf(query.get('begin')), end: timeOf(query.get('end')) };
  const ascending = query.get('ascending');
  if (Number.isNaN(begin) || Number.isNaN(end)) return 'begin and end must be epoch seconds or an RFC 2822 date';
  if (begin !== undefined && end === undefined && ascending === null)
    return 'ascending must be given if the range has no end';
  const descending = end === undefined || begin === undefined ? ascending !== 'yes' : end < begin;
  const limit = Number(query.get('limit') ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) return `limit must be from 1 to ${MAX_PAGE}`;
  return {
    filters: FIELDS.flatMap((field) => query.getAll(field).map((expression) => [field, expression] as const)),
    begin: begin ?? (descending ? FAR : 0),
    end: end ?? (descending ? 0 : FAR),
    descending,
    limit,
    skip: 0,
  };
}

/** A time that is later than every event, in epoch seconds. */
const FAR = 9_999_999_999;

function timeOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

function writePage(asked: Asked): string {
  return Buffer.from(JSON.stringify(asked)).toString('base64url');
}

function readPage(page: string): Asked | string {
  try {
    return JSON.parse(Buffer.from(page, 'base64url').toString()) as Asked;
  } catch {
    return 'the page is not in the form of this API';
  }
}

function valuesIn(event: QueuedEvent['event'], field: string): readonly string[] {
  const { headers } = event['message'] as { headers: Readonly<Record<string, string>> };
  if (field === 'tags') return event['tags'] as readonly string[];
  const value = ['message-id', 'from', 'to', 'subject'].includes(field) ? headers[field] : event[field];
  return typeof value === 'string' ? [value] : [];
}

/**
 * Whether one of the values matches a filter expression. The supported forms are those that Mailgun documents: terms that are
 * joined by OR or AND, where each term may be negated.
 */
function matches(values: readonly string[], expression: string): boolean {
  const term = (text: string): boolean => {
    const [, not, quoted] = /^(NOT\s+)?(.*)$/s.exec(text.trim()) ?? [];
    const wanted = (quoted ?? '').replace(/^"(.*)"$/s, '$1').toLowerCase();
    return values.some((value) => value.toLowerCase() === wanted) !== Boolean(not);
  };
  return expression.split(/\s+OR\s+/).some((part) => part.split(/\s+AND\s+/).every(term));
}
