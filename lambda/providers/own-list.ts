import { defined } from '../platform/defined.ts';
import { readBounded } from '../platform/read-bounded.ts';
import type { Secret } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';

/** An address on a provider's own list. */
export interface OwnEntry {
  readonly address: string;
  readonly reason: 'hard-bounce' | 'complaint';
  /** Epoch milliseconds. */
  readonly at: number;
}

/** `kept`: the provider does not let it be removed, as most do with complaints. */
export type Removal = 'removed' | 'absent' | 'kept';

/** A provider's own list of addresses that it does not mail. Every call throws when the answer is not as documented. */
export interface OwnList {
  /** The hard bounces and complaints, page by page; blocks, unsubscribes and entries made by hand are left out. */
  entries(): AsyncGenerator<readonly OwnEntry[]>;
  /** Adds entries; absent if the provider's list cannot be added to. */
  add?(entries: readonly OwnEntry[]): Promise<void>;
  remove(address: string): Promise<Removal>;
}

/** Dependencies of a provider's list. */
export interface OwnListContext<Options = object> {
  /** Base URL of the provider's API, without a slash at the end; of a simulator on a local stack. */
  readonly endpoint?: string;
  readonly options: Options;
  /** Secret of the account. */
  readonly secret: Secret;
  readonly fetch: typeof fetch;
}

/** Code of a type whose providers have lists of their own. */
export interface OwnListModule {
  // biome-ignore lint/suspicious/noExplicitAny: the options are those of the type, which only the definition knows.
  ownList(context: OwnListContext<any>): OwnList;
}

/** Time limit of one answer. */
const DEADLINE_MS = 20_000;

/** Calls a provider's API about its list. `body` is sent as JSON; a form as it is. */
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
  if (bytes === undefined) throw new ServiceError('the provider answered with more than a list');
  let parsed: unknown;
  try {
    parsed = bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined;
  } catch {
    parsed = undefined;
  }
  return { status: response.status, body: parsed };
}

/** Fails for an answer about the list that is no success. */
export function refusedList(status: number, hint: string): ServiceError {
  return new ServiceError(
    `the provider answered ${status} about its list${status === 401 || status === 403 ? `: ${hint}` : ''}`,
  );
}
