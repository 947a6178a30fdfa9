import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { jsonOf } from './event-fields.ts';
import type { PostedMail } from './inbound.ts';

/** One received mail, as an entry in a provider's list of received mail. */
export interface Reception {
  /** Id of the mail: the provider's id, at Mailgun followed by a hash of the recipient. */
  readonly id: string;
  /**
   * Time at which the provider accepted or listed the mail, in epoch milliseconds. At Postmark this is an estimate, or 0 if no
   * time is known.
   */
  readonly at: number;
  /**
   * `failed`: the provider gave up posting the mail. `blocked`: a rule or the spam filter of the provider stopped the mail.
   * `taken`: the provider has posted or stored the mail.
   */
  readonly state: 'failed' | 'blocked' | 'taken';
  /** The provider's entry about the mail, unchanged; {@link MissedSource.know} may read it. */
  readonly listed: unknown;
}

/** All data that a provider still has about a received mail. */
export interface Known {
  readonly mail: PostedMail;
  /** Whether `mail` contains the complete received mail. */
  readonly complete: boolean;
  /** Estimated size of the request, in bytes, if the provider posted the mail again; absent if unknown. */
  readonly postedBytes?: number;
  /** The JSON of the provider's answer or list entry, as bytes. */
  readonly answer: Buffer;
}

/**
 * Queries a provider for the mail that an account received. Every method throws an error if the provider's answer is not as
 * documented.
 */
export interface MissedSource {
  /**
   * Smallest age, in milliseconds, of the mail that is queried with `between`. The provider may not list younger mail yet, or may
   * still post it.
   */
  readonly lagMs: number;
  /** Lists mail of any age that the provider no longer tries to post. The list is cut off after a number of pages. */
  undelivered(): Promise<readonly Reception[]>;
  /**
   * Lists the mail of a period between two times in epoch milliseconds. Returns `too-many` if the list has more pages than this
   * code reads.
   */
  between(from: number, to: number): Promise<readonly Reception[] | 'too-many'>;
  know(reception: Reception): Promise<Known>;
  /**
   * Makes the provider post the mail again. Returns false if the provider refuses, or has posted the mail before. Absent if a
   * copy of the mail can be fetched instead.
   */
  again?(reception: Reception): Promise<boolean>;
}

/** Dependencies of a {@link MissedSource}. */
export interface MissedContext<Options = object> {
  /** Base URL that replaces the URL of the provider's API, without a slash at the end. It is set on a local stack only. */
  readonly endpoint?: string;
  /** Options that `missed.options` of the provider type's definition returned. */
  readonly options: Options;
  /** The provider's secret for received mail. */
  readonly secret: Secret;
  /** Secret of the sending account at the provider; empty unless the definition has `needsAccount`. */
  readonly apiSecret: Secret;
  readonly fetch: typeof fetch;
}

/** Code of a provider type whose API lists received mail. */
export interface MissedModule {
  missed(context: MissedContext): MissedSource;
}

/** Time limit for one answer of the provider, in milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * Sends one request to a provider's API and parses the JSON in the answer.
 *
 * @throws ServiceError if the answer is too large or is not JSON
 */
export async function askJson(
  context: Pick<MissedContext, 'fetch'>,
  url: string,
  headers: Readonly<Record<string, string>>,
  method: 'GET' | 'PUT' = 'GET',
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>>; readonly bytes: Buffer }> {
  const response = await context.fetch(url, {
    method,
    headers: { accept: 'application/json', ...headers },
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const bytes = await readBounded(response);
  if (bytes === undefined)
    throw new ServiceError(`the provider answered ${response.status} with a body that is too large`);
  const json = jsonOf(bytes);
  if ('problem' in json) throw new ServiceError(`the provider answered ${response.status} without JSON`);
  return { status: response.status, body: Object(json.value), bytes };
}

/**
 * Returns the answer if its status is 200.
 *
 * @throws ServiceError for any other status
 */
export function good<T extends { readonly status: number }>(answer: T): T {
  if (answer.status !== 200) throw new ServiceError(`the provider answered ${answer.status}`);
  return answer;
}
