import { createHash } from 'node:crypto';
import { domainOf } from '../../mail/address.ts';
import { ServiceError } from '../../platform/service-failure.ts';
import { askJson, good, type Known, type MissedContext, type MissedSource, type Reception } from '../missed.ts';

const PUBLIC = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' } as const;
const PER_PAGE = 300;
const MOST_PAGES = 4;
/**
 * Events are indexed out of order, and inserted into pages that were read before: pages are reliable from an age of half
 * an hour on (documentation.mailgun.com, user-manual/events/event-polling, 2026-11-25).
 */
const INDEXED_MS = 45 * 60_000;

/** Options of the requests. */
export interface MailgunMissedOptions {
  readonly region?: 'us' | 'eu';
  /** Domains under which the account lists received mail. */
  readonly domains: readonly string[];
}

/**
 * Mailgun's Events API. Facts, read 2026-11-25: a `stored` event is for a mail that a route stores, a `failed` one for a
 * mail that could not be posted; both contain the URL of the copy, which is kept for about three days. `delivered` events
 * of posted mail are not queried: on a domain that also sends there is one for each sent mail.
 */
export function missed(context: MissedContext<MailgunMissedOptions>): MissedSource {
  const base = context.endpoint ?? PUBLIC[context.options.region ?? 'us'];
  const { domains } = context.options;
  const authorization = `Basic ${Buffer.from(`api:${context.secret['apiKey'] ?? ''}`).toString('base64')}`;

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
      // An empty page is the last one. The key is sent to no other host than the first one.
      if (some.length < PER_PAGE || next === null || next.origin !== new URL(base).origin) return items;
      url = next.href;
    }
    return 'too-many';
  };

  return {
    lagMs: INDEXED_MS,
    standing: async () => [],
    async between(from, to) {
      const found: Reception[] = [];
      for (const domain of domains) {
        const events = await pages(domain, from, to);
        if (events === 'too-many') return 'too-many';
        found.push(...events.flatMap((event) => receptionsOf(event, domains)));
      }
      // A mail that was stored and not posted has two events, each under every domain that it concerns.
      return [...new Map(found.map((one) => [one.id, one])).values()];
    },
    know: async ({ listed }) => {
      const { event, recipient } = listed as Listed;
      return knownOf(event, recipient);
    },
  };
}

/** The fields of an event that are read here; each may be absent. */
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

/** An event and one of its recipients; none if it has no recipient. */
interface Listed {
  readonly event: StoredEvent;
  readonly recipient: string | undefined;
}

/**
 * One reception per recipient, since the copy of one mail, under one key, may be for several.
 *
 * Failures of sent mail are listed as well: only routed ones are of received mail, and only the last one is final.
 * Without a stored copy, only the event is left of the mail.
 */
function receptionsOf(item: unknown, domains: readonly string[]): Reception[] {
  const event: StoredEvent = Object(item);
  const { event: kind, timestamp, severity, flags, storage } = event;
  if (kind === 'failed' && (flags?.['is-routed'] !== true || severity === 'temporary')) return [];
  const key = [storage?.key, storage?.url, event.id].find((one) => typeof one === 'string') ?? String(timestamp);
  return recipientsOf(event, domains).map((recipient) => ({
    // The id contains a hash of the recipient, since it appears in the log.
    id: `${key}/${hashOf(recipient ?? '')}`,
    at: Number(timestamp) * 1000,
    state: kind === 'failed' ? 'failed' : 'taken',
    listed: { event, recipient } satisfies Listed,
  }));
}

/** Recipients in the receiving domains; the recipient of a failed post may be the URL that it was posted to. */
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
