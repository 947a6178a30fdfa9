import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { MailStorage } from '../providers/inbound.ts';

const MAX_REDIRECTS = 3;
const DEADLINE_MS = 15_000;

/**
 * A mail that the provider stored, or the reason why it cannot be fetched. Temporary failures are thrown instead.
 *
 * `not-allowed`: a URL does not belong to the storage, or there were too many redirects. `missing`: the storage answered 404. It
 * may also answer 404 for a mail that the provider has just accepted; see `appearsForMs` of {@link MailStorage}. `gone`: the
 * storage answered 410.
 */
export type Stored = Buffer | 'not-allowed' | 'missing' | 'gone' | 'too-large';

/** Dependencies of a fetch. */
export interface StoredOptions {
  /** The storage of the provider type; undefined for a provider type without a storage: then nothing is fetched. */
  readonly storage: MailStorage | undefined;
  /** URL that replaces the URL of the provider's service in a local stack. */
  readonly endpoint: string | undefined;
  readonly secret: Secret;
  readonly fetch: typeof fetch;
}

/**
 * Fetches a mail from the provider that stores it.
 *
 * The URL comes from a request, so only the provider's own hosts are contacted. The target of a redirect is checked in the
 * same way, and gets the credentials only if it has the origin of the first URL.
 */
export async function fetchStored(
  address: string,
  { storage, endpoint, secret, fetch }: StoredOptions,
): Promise<Stored> {
  const local = endpoint === undefined ? undefined : URL.parse(endpoint)?.origin;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const first = URL.parse(address);
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (url === null || first === null || !(storage && (url.origin === local || storage.has(url))))
      return 'not-allowed';
    const headers = { accept: 'message/rfc2822', ...(url.origin === first.origin && storage.credentials(secret)) };
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
    return body === undefined ? 'too-large' : storage.mimeOf(body, response.headers.get('content-type') ?? '');
  }
  return 'not-allowed';
}
