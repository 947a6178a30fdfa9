import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { jsonOf } from './event-fields.ts';
import type { PostedMail } from './inbound.ts';

/** One received mail, as an entry in a provider's list of received mail. */
export interface Reception {
  /** The provider's id of the mail. */
  readonly id: string;
  /** When the provider accepted or listed the mail, in epoch milliseconds. */
  readonly at: number;
  /**
   * `failed`: the provider gave up posting the mail. `blocked`: a rule stopped the mail. `taken`: the provider has posted or
   * stored the mail.
   */
  readonly state: 'failed' | 'blocked' | 'taken';
  /** The entry as the provider lists it; {@link MissedSource.know} reads it. */
  readonly listed: unknown;
}

/** All data that a provider still has about a received mail. */
export interface Known {
  readonly mail: PostedMail;
  /** Whether `mail` is complete. */
  readonly complete: boolean;
  /** Size in bytes that the request body would have if the provider posted the mail again; absent if unknown. */
  readonly postedBytes?: number;
  /** The provider's answer: the bytes of its JSON. */
  readonly answer: Buffer;
}

/** Queries a provider for the mail that an account received. Every method throws if the provider's answer is not as documented. */
export interface MissedSource {
  /**
   * Only mail of at least this age, in milliseconds, is queried. The provider may not list younger mail yet, or may still post
   * it.
   */
  readonly lagMs: number;
  /** Lists mail of any age that the provider no longer tries to post. A long list is cut off. */
  undelivered(): Promise<readonly Reception[]>;
  /** Lists the mail between two times in epoch milliseconds. Returns `too-many` if the provider lists more mails than are read. */
  between(from: number, to: number): Promise<readonly Reception[] | 'too-many'>;
  know(reception: Reception): Promise<Known>;
  /**
   * Makes the provider post the mail again; returns false if the provider refuses. Absent if a copy of the mail can be fetched
   * instead.
   */
  again?(reception: Reception): Promise<boolean>;
}

/** Dependencies of a {@link MissedSource}. */
export interface MissedContext<Options = object> {
  /** Base URL that replaces the URL of the provider's API on a local stack, without a slash at the end. */
  readonly endpoint?: string;
  /** Options as returned by `missed.options` of the provider type's definition. */
  readonly options: Options;
  /** The provider's secret for received mail. */
  readonly secret: Secret;
  /** Secret of the sending account at the provider. */
  readonly apiSecret: Secret;
  readonly fetch: typeof fetch;
}

/** Code of a provider type whose API lists received mail. */
export interface MissedModule {
  missed(context: MissedContext): MissedSource;
}

/** Time limit for one answer of the provider, in milliseconds. */
const DEADLINE_MS = 10_000;

/** Sends one request to a provider's API and parses the JSON in the answer. */
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
  if (bytes === undefined) throw new ServiceError(`the provider answered ${response.status} with more than a mail`);
  const json = jsonOf(bytes);
  if ('problem' in json) throw new ServiceError(`the provider answered ${response.status} without JSON`);
  return { status: response.status, body: Object(json.value), bytes };
}

/** Returns the answer if its status is 200; otherwise throws an error. */
export function good<T extends { readonly status: number }>(answer: T): T {
  if (answer.status !== 200) throw new ServiceError(`the provider answered ${answer.status}`);
  return answer;
}
