import { defined } from '../platform/defined.ts';
import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';

/** An address on a provider's own suppression list. */
export interface OwnEntry {
  readonly address: string;
  readonly reason: 'hard-bounce' | 'complaint';
  /** Time of the entry in epoch milliseconds. */
  readonly at: number;
}

/**
 * Result of removing an address. `absent`: the address was not on the list. `kept`: the provider refused to remove the address,
 * as Postmark does after a complaint.
 */
export type Removal = 'removed' | 'absent' | 'kept';

/**
 * A provider's own suppression list. Every method throws an error if the provider refuses the call or if its answer is not as
 * documented.
 */
export interface OwnList {
  /**
   * Reads the entries for hard bounces and complaints, page by page. Entries for blocks and unsubscribes are left out, and also
   * Postmark's manual entries. Other providers do not mark entries as manual.
   */
  entries(): AsyncGenerator<readonly OwnEntry[]>;
  /** Adds entries to the list; absent if the provider's API cannot add entries. */
  add?(entries: readonly OwnEntry[]): Promise<void>;
  remove(address: string): Promise<Removal>;
}

/** Dependencies of an {@link OwnList}. */
export interface OwnListContext<Options = object> {
  /** Base URL that replaces the URL of the provider's API, without a slash at the end. It is set on a local stack only. */
  readonly endpoint?: string;
  readonly options: Options;
  /** Secret of the account at the provider. */
  readonly secret: Secret;
  readonly fetch: typeof fetch;
}

/** Code of a provider type that has its own suppression list. */
export interface OwnListModule {
  // biome-ignore lint/suspicious/noExplicitAny: only the definition has the type of the options.
  ownList(context: OwnListContext<any>): OwnList;
}

/** Time limit for one answer of the provider, in milliseconds. */
const DEADLINE_MS = 20_000;

/**
 * Sends one request about the suppression list to a provider's API. The argument `body` is sent as JSON. The result contains the
 * parsed JSON of the answer as `body`, or undefined if the answer is not JSON.
 *
 * @throws ServiceError if the answer is too large
 */
export async function callList(
  { fetch: send }: Pick<OwnListContext, 'fetch'>,
  url: string,
  { method = 'GET', headers, body }: { method?: string; headers: Readonly<Record<string, string>>; body?: object },
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await send(url, {
    method,
    headers: { accept: 'application/json', ...defined({ 'content-type': body && 'application/json' }), ...headers },
    ...defined({ body: body && JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const bytes = await readBounded(response);
  if (bytes === undefined) throw new ServiceError('the provider answered with a body that is too large');
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString());
  } catch {}
  return { status: response.status, body: parsed };
}

/**
 * Returns the error for an answer whose status is not the expected one. If the status is 401 or 403, `hint` is added to the
 * error's message.
 */
export function refusedList(status: number, hint: string): ServiceError {
  return new ServiceError(
    `the provider answered ${status} about its list${status === 401 || status === 403 ? `: ${hint}` : ''}`,
  );
}
