import { askJson, good, type Known, type MissedContext, type MissedSource, type Reception } from '../missed.ts';

const PUBLIC = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' } as const;
const PER_PAGE = 300;
const MOST_PAGES = 4;

/**
 * Mailgun's Events API. Facts, read 2026-11-25: `stored` tells of each mail that a route stores, `failed` of one that
 * was posted in vain; both name the place of the copy, which is kept for about three days. `delivered` of posted mail is
 * not asked for: on a domain that also sends it is one event for each mail sent.
 */
export function missed(context: MissedContext): MissedSource {
  const base = context.endpoint ?? PUBLIC[context.options.region ?? 'us'];
  const { domains = [] } = context.options;
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
      if (!Array.isArray(some)) throw new Error('the provider gave no list of events');
      items.push(...some);
      const next = URL.parse(String(paging?.next));
      // An empty page is the last one. The key goes to no other host than the one that was asked.
      if (some.length < PER_PAGE || next === null || next.origin !== new URL(base).origin) return items;
      url = next.href;
    }
    return 'too-many';
  };

  return {
    standing: async () => [],
    async between(from, to) {
      const found: Reception[] = [];
      for (const domain of domains) {
        const events = await pages(domain, from, to);
        if (events === 'too-many') return 'too-many';
        found.push(...events.flatMap(receptionOf));
      }
      return found;
    },
    know: async ({ listed }) => knownOf(listed as StoredEvent),
  };
}

/** The fields of an event that are read here; each may be absent. */
interface StoredEvent {
  readonly event?: unknown;
  readonly timestamp?: unknown;
  readonly severity?: unknown;
  readonly recipient?: unknown;
  readonly flags?: { readonly 'is-routed'?: unknown };
  readonly envelope?: { readonly sender?: unknown };
  readonly storage?: { readonly url?: unknown; readonly key?: unknown };
  readonly message?: { readonly headers?: Readonly<Record<string, unknown>>; readonly recipients?: unknown };
}

/** Failures of sent mail are listed too: only routed ones are of received mail, and only the last one is final. */
function receptionOf(item: unknown): Reception[] {
  const { event, timestamp, severity, flags, storage } = Object(item) as StoredEvent;
  if (event === 'failed' && (flags?.['is-routed'] !== true || severity === 'temporary')) return [];
  if (typeof storage?.url !== 'string') return [];
  const key = typeof storage.key === 'string' ? storage.key : storage.url;
  return [{ id: key, at: Number(timestamp) * 1000, state: event === 'failed' ? 'failed' : 'taken', listed: item }];
}

function knownOf(event: StoredEvent): Known {
  const { recipient, envelope, storage, message } = event;
  const listed = Array.isArray(message?.recipients) ? message.recipients : [];
  const recipients = [recipient, ...listed].filter(
    (one): one is string => typeof one === 'string' && one.includes('@') && !one.includes('/'),
  );
  const headers = Object.entries(message?.headers ?? {}).flatMap(([name, value]): [string, string][] => {
    if (typeof value !== 'string' || value === '') return [];
    return [name === 'message-id' ? ['message-id', `<${value.replace(/^<|>$/g, '')}>`] : [name, value]];
  });
  const sender = envelope?.sender;
  return {
    mail: {
      // Of a failed post the recipient may be the address that was posted to.
      recipients: recipients.slice(0, 1),
      ...(typeof sender === 'string' && { sender: sender === '' ? null : sender }),
      ...(typeof storage?.key === 'string' && { providerMessageId: storage.key }),
      ...(typeof storage?.url === 'string' && { storedAt: storage.url }),
      content: { headers, files: [], truncated: true },
    },
    complete: false,
    answer: Buffer.from(JSON.stringify(event)),
  };
}
