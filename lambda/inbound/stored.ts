import { parsePosted } from '../contract/json-bounds.ts';
import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { InboundModule } from '../providers/inbound.ts';

const MAX_REDIRECTS = 3;
const DEADLINE_MS = 15_000;

/**
 * A mail that the provider stored, or why there is none. Temporary failures are thrown.
 *
 * `missing`: it is not there now. A storage that has only just accepted a mail may answer this as well, see {@link
 * MAY_APPEAR_MS}.
 */
export type Stored = Buffer | 'not-allowed' | 'missing' | 'gone' | 'too-large';

/**
 * For this long a missing mail may still appear, and the provider retries: Mailgun's last retry is 8 hours after the
 * first request, the one before it 4 (receive-http, 2026-11-25).
 */
export const MAY_APPEAR_MS = 7 * 3_600_000;

/** Whether a URL is in the provider's mail storage; `endpoint` replaces its service in a local stack. */
export function storageOf(module: InboundModule, endpoint: string | undefined): StoredOptions['allowed'] {
  const own = endpoint === undefined ? undefined : URL.parse(endpoint)?.origin;
  return (url) => url.origin === own || module.keepsMailAt?.(url) === true;
}

/** Dependencies of a fetch: permitted URLs, credentials, and the HTTP client. */
export interface StoredOptions {
  readonly allowed: (url: URL) => boolean;
  readonly secret: Secret;
  readonly fetch: typeof fetch;
}

/**
 * Fetches a mail from the provider that stores it.
 *
 * The URL comes from a request, so only the provider's own hosts are contacted; a redirect is checked again, and gets the
 * credentials only within the same origin.
 */
export async function fetchStored(address: string, { allowed, secret, fetch }: StoredOptions): Promise<Stored> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const first = URL.parse(address);
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (url === null || first === null || !allowed(url)) return 'not-allowed';
    const headers: Record<string, string> = { accept: 'message/rfc2822' };
    if (url.origin === first.origin)
      headers['authorization'] = `Basic ${Buffer.from(`api:${secret['apiKey'] ?? ''}`).toString('base64')}`;
    const response = await fetch(url.href, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = URL.parse(location, url.href);
      continue;
    }
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel();
      return response.status === 404 ? 'missing' : 'gone';
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new ServiceError(`stored mail was answered with status ${response.status}`);
    }
    const body = await readBounded(response);
    return body === undefined ? 'too-large' : mimeOf(body, response.headers.get('content-type') ?? '');
  }
  return 'not-allowed';
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The Messages API wraps the mail in JSON, field `body-mime` (store-retrieve, 2026-11-25). */
function mimeOf(body: Buffer, contentType: string): Buffer {
  if (!/^application\/json\b/i.test(contentType.trim())) return body;
  // The error of a parser would quote the mail.
  const parsed = attempt(() => parsePosted(body));
  const { 'body-mime': mime } = Object(parsed) as { 'body-mime'?: unknown };
  if (typeof mime !== 'string') throw new ServiceError('the stored mail has no MIME form');
  return Buffer.from(mime, 'utf8');
}
