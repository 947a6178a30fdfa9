import { parsePosted } from '../contract/json-bounds.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { PostedMail } from './inbound.ts';

/** A received mail that a provider tells of. */
export interface Reception {
  /** The provider's own id of it. */
  readonly id: string;
  /** When the provider took it, or told of it, in epoch milliseconds. */
  readonly at: number;
  /** `failed`: it has given up posting it. `blocked`: a rule holds it. `taken`: it says that somebody has it. */
  readonly state: 'failed' | 'blocked' | 'taken';
  /** What the list says already; kept for {@link MissedSource.know}. */
  readonly listed: unknown;
}

/** What a provider still knows of a received mail. */
export interface Known {
  readonly mail: PostedMail;
  /** Whether nothing of the mail is missing in `mail`. */
  readonly complete: boolean;
  /** Bytes that posting it again would take, where they can be told. */
  readonly postedBytes?: number;
  /** What the provider answered, as JSON. */
  readonly answer: Buffer;
}

/** Asks one account for mail that it received. Every call throws when the provider does not answer as documented. */
export interface MissedSource {
  /** Mail younger than this is not asked for: it may not be listed yet, or is still at the provider's own first tries. */
  readonly lagMs: number;
  /** Mail that waits for somebody to act, however old; at most some hundred. */
  standing(): Promise<readonly Reception[]>;
  /** Mail of a span of time, from epoch milliseconds to others; `too-many` if it is more than can be looked at. */
  between(from: number, to: number): Promise<readonly Reception[] | 'too-many'>;
  know(reception: Reception): Promise<Known>;
  /** Has the mail posted once more; false if the provider will not. Absent where a copy can be fetched instead. */
  again?(reception: Reception): Promise<boolean>;
}

/** What a source is made from. */
export interface MissedContext {
  /** The provider's API, without a slash at the end; that of a simulator on a local stack. */
  readonly endpoint?: string;
  readonly options: MissedOptions;
  /** Of received mail. */
  readonly secret: Secret;
  /** Of the account. */
  readonly apiSecret: Secret;
  readonly fetch: typeof fetch;
}

/** What of the provider's options matters here. */
export interface MissedOptions {
  readonly region?: 'us' | 'eu';
  /** Domains that Mailgun lists mail under. */
  readonly domains?: readonly string[];
  /** `leave` passes over what a rule holds back. */
  readonly blocked?: 'receive' | 'leave';
}

/** How long a provider may take for one answer. */
const DEADLINE_MS = 10_000;

/** One question to a provider's API; the answer is JSON. */
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
  const bytes = Buffer.from(await response.arrayBuffer());
  let body: unknown;
  try {
    body = parsePosted(bytes);
  } catch {
    throw new ServiceError(`the provider answered ${response.status} without JSON`);
  }
  return { status: response.status, body: Object(body), bytes };
}

/** An answer that must be a good one. */
export function good<T extends { readonly status: number }>(answer: T): T {
  if (answer.status !== 200) throw new ServiceError(`the provider answered ${answer.status}`);
  return answer;
}
