import { parsePosted } from '../contract/json-bounds.ts';
import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { PostedMail } from './inbound.ts';

/** A received mail in a provider's list. */
export interface Reception {
  /** The provider's own id of it. */
  readonly id: string;
  /** When the provider accepted or listed it, in epoch milliseconds. */
  readonly at: number;
  /** `failed`: posting was given up. `blocked`: a rule holds it. `taken`: according to the provider it was delivered. */
  readonly state: 'failed' | 'blocked' | 'taken';
  /** The entry in the provider's list, for {@link MissedSource.know}. */
  readonly listed: unknown;
}

/** Everything that a provider still has of a received mail. */
export interface Known {
  readonly mail: PostedMail;
  /** Whether `mail` is complete. */
  readonly complete: boolean;
  /** Size of the body if it were posted again, if known. */
  readonly postedBytes?: number;
  /** The provider's answer, as JSON. */
  readonly answer: Buffer;
}

/** Queries one account for mail that it received. Every call throws when the answer is not as documented. */
export interface MissedSource {
  /** Least age of the mail that is queried: younger mail may not be listed yet, or the provider is still trying. */
  readonly lagMs: number;
  /** Mail that waits for an action, of any age; at most some hundred. */
  standing(): Promise<readonly Reception[]>;
  /** Mail of a span of time, in epoch milliseconds; `too-many` if it is more than can be checked. */
  between(from: number, to: number): Promise<readonly Reception[] | 'too-many'>;
  know(reception: Reception): Promise<Known>;
  /** Has the mail posted once more; false if the provider refuses. Absent where a copy can be fetched instead. */
  again?(reception: Reception): Promise<boolean>;
}

/** Dependencies of a source. */
export interface MissedContext<Options = object> {
  /** Base URL of the provider's API, without a slash at the end; of a simulator on a local stack. */
  readonly endpoint?: string;
  /** Options that `missed.options` of the definition returns. */
  readonly options: Options;
  /** Secret for received mail. */
  readonly secret: Secret;
  /** Secret of the account. */
  readonly apiSecret: Secret;
  readonly fetch: typeof fetch;
}

/** Code of a type whose provider lists received mail. */
export interface MissedModule {
  missed(context: MissedContext): MissedSource;
}

/** Time limit of one answer. */
const DEADLINE_MS = 10_000;

/** Sends one request to a provider's API; the answer is JSON. */
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
  let body: unknown;
  try {
    body = parsePosted(bytes);
  } catch {
    throw new ServiceError(`the provider answered ${response.status} without JSON`);
  }
  return { status: response.status, body: Object(body), bytes };
}

/** The answer if its status is 200; otherwise throws. */
export function good<T extends { readonly status: number }>(answer: T): T {
  if (answer.status !== 200) throw new ServiceError(`the provider answered ${answer.status}`);
  return answer;
}
