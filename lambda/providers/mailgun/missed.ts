import { createHash } from 'node:crypto';
import { domainOf } from '../../mail/address.ts';
import { ServiceError } from '../../platform/service-failure.ts';
import { askJson, good, type Known, type MissedContext, type MissedSource, type Reception } from '../missed.ts';
import { authorizationOf, URLS } from './api.ts';

const PER_PAGE = 300;
const MOST_PAGES = 4;
/**
 * Smallest age of the events that are queried, in milliseconds. Mailgun indexes events out of order: until an event is half an
 * hour old, it may appear on a page that was already read (documentation.mailgun.com, user-manual/events/event-polling,
 * 2026-11-25).
 */
const INDEXED_MS = 45 * 60_000;

/** Options of the queries for received mail. */
export interface MailgunMissedOptions {
  readonly region?: 'us' | 'eu';
  /** Domains for which the account receives mail. The events of each domain are queried separately. */
  readonly domains: readonly string[];
}

/**
 * Queries Mailgun's Events API. Facts, read 2026-11-25: a mail that a route stores has a `stored` event, and a mail that could
 * not be posted has a `failed` event. Both events contain the URL of the stored copy of the mail. Mailgun keeps the copy for
 * about three days. Posted mail has `delivered` events, which are not queried: a domain that also sends has a `delivered` event
 * for each sent mail too.
 */
export function missed(context: MissedContext<MailgunMissedOptions>): MissedSource {
  const base = context.endpoint ?? URLS[context.options.region ?? 'us'];
  const { domains } = context.options;
  const authorization = authorizationOf(context.secret);

  const pages = async (domain: string, from: number, to: number): Promise<readonly unknown[] | 'too-many'> => {
    const query = new URLSearchParams({
      event: 'stored OR failed',
      begin: String(from / 1000),
      end: String(to / 1000),
      ascending: 'yes',
      limit: String(PER_PAGE),
    });
    let url = `${base}/v3/${encodeURIComponent(domain)}/events?${query}`;
    const items: unknown[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { body } = good(await askJson(context, url, { authorization }));
      const { items: some, paging } = body as { items?: unknown; paging?: { next?: unknown } };
      if (!Array.isArray(some)) throw new ServiceError('the provider gave no list of events');
      items.push(...some);
      const next = URL.parse(String(paging?.next));
      // A page that is not full is the last page. A link to another host is not followed, so that only Mailgun's API gets the API
      // key.
      if (some.length < PER_PAGE || next === null || next.origin !== new URL(base).origin) return items;
      url = next.href;
    }
    return 'too-many';
  };

  return {
    lagMs: INDEXED_MS,
    undelivered: async () => [],
    async between(from, to) {
      const found: Reception[] = [];
      for (const domain of domains) {
        const events = await pages(domain, from, to);
        if (events === 'too-many') return 'too-many';
        found.push(...events.flatMap((event) => receptionsOf(event, domains)));
      }
      // Duplicates are removed: a mail that was stored but could not be posted has two events, and an event is listed under every
      // domain of the mail's recipients.
      return [...new Map(found.map((one) => [one.id, one])).values()];
    },
    know: async ({ listed }) => {
      const { event, recipient } = listed as Listed;
      return knownOf(event, recipient);
    },
  };
}

/** The fields of an event that are read here. Each field may be absent. */
interface StoredEvent {
  readonly id?: unknown;
  readonly event?: unknown;
  readonly timestamp?: unknown;
  readonly severity?: unknown;
  readonly recipient?: unknown;
  readonly recipients?: unknown;
  readonly flags?: { readonly 'is-routed'?: unknown };
  readonly envelope?: { readonly sender?: unknown };
  readonly storage?: { readonly url?: unknown; readonly key?: unknown };
  readonly message?: { readonly headers?: Readonly<Record<string, unknown>>; readonly recipients?: unknown };
}

/** An event with one of its recipients. `recipient` is undefined if the event names no recipient. */
interface Listed {
  readonly event: StoredEvent;
  readonly recipient: string | undefined;
}

/**
 * Returns the received mail of an event, with one entry for each recipient: one stored copy may be for several recipients.
 *
 * The events include failures of sent mail. A failure is about received mail only if its event has the flag `is-routed`, and is
 * final only if its severity is not `temporary`. If there is no stored copy, Mailgun has no other data about the mail than the
 * event.
 */
function receptionsOf(item: unknown, domains: readonly string[]): Reception[] {
  const event: StoredEvent = Object(item);
  const { event: kind, timestamp, severity, flags, storage } = event;
  if (kind === 'failed' && (flags?.['is-routed'] !== true || severity === 'temporary')) return [];
  const key = [storage?.key, storage?.url, event.id].find((one) => typeof one === 'string') ?? String(timestamp);
  return recipientsOf(event, domains).map((recipient) => ({
    // The id appears in the log. Therefore it contains a hash of the recipient's address, and not the address.
    id: `${key}/${hashOf(recipient ?? '')}`,
    at: Number(timestamp) * 1000,
    state: kind === 'failed' ? 'failed' : 'taken',
    listed: { event, recipient } satisfies Listed,
  }));
}

/**
 * Returns the recipients at `domains`; if there are none, the first address of the event. If the mail could not be posted,
 * Mailgun may state the URL of the webhook as the recipient. This URL is left out.
 */
function recipientsOf({ recipient, recipients, message }: StoredEvent, domains: readonly string[]) {
  const given = [recipient, recipients, message?.recipients].flat();
  const addresses = given.filter((one): one is string => typeof one === 'string' && /^[^/]+@[^/]+$/.test(one));
  const unique = [...new Map(addresses.map((one) => [one.toLowerCase(), one])).values()];
  const ours = unique.filter((one) => domains.some((domain) => domain.toLowerCase() === domainOf(one)));
  return ours.length > 0 ? ours : [unique[0]];
}

function hashOf(text: string): string {
  return createHash('sha256').update(text.toLowerCase()).digest('base64url').slice(0, 16);
}

function knownOf(event: StoredEvent, recipient: string | undefined): Known {
  const { envelope, storage, message } = event;
  const headers = Object.entries(message?.headers ?? {}).flatMap(([name, value]): [string, string][] => {
    if (typeof value !== 'string' || value === '') return [];
    return [name === 'message-id' ? ['message-id', `<${value.replace(/^<|>$/g, '')}>`] : [name, value]];
  });
  const sender = envelope?.sender;
  return {
    mail: {
      recipients: recipient === undefined ? [] : [recipient],
      ...(typeof sender === 'string' && { sender: sender === '' ? null : sender }),
      ...(typeof storage?.key === 'string' && { providerMessageId: storage.key }),
      ...(typeof storage?.url === 'string' && { storedAt: storage.url }),
      content: { headers, files: [], truncated: true },
    },
    complete: false,
    answer: Buffer.from(JSON.stringify(event)),
  };
}
