import { z } from 'zod';
import type { SimulatorAnswer } from '../http-simulator.ts';
import { postmarkFailure } from './failure.ts';

const PATH = /^\/message-streams\/([^/]+)\/suppressions(\/delete|\/dump)?$/;
const bodySchema = z.object({ Suppressions: z.array(z.object({ EmailAddress: z.string() })).max(50) });

/**
 * Reason for which an address is inactive. Customers can delete every entry except an entry with the reason SpamComplaint
 * (suppressions API, 2026-11-29).
 */
type Reason = 'HardBounce' | 'SpamComplaint' | 'ManualSuppression';

interface Inactive {
  readonly EmailAddress: string;
  readonly SuppressionReason: Reason;
  readonly Origin: 'Recipient' | 'Customer';
  /** Time from which the address is inactive, in epoch milliseconds of real time. */
  readonly at: number;
}

/** Postmark's lists of inactive addresses, one list for each message stream, and its suppression API. */
export class PostmarkSuppressions {
  readonly #lists = new Map<string, Map<string, Inactive>>();
  readonly #streams: ReadonlySet<string>;

  constructor(streams: ReadonlySet<string>) {
    this.#streams = streams;
  }

  has(stream: string, address: string): boolean {
    return this.#get(stream, address) !== undefined;
  }

  /** Makes an address inactive from the time `at` (epoch milliseconds of real time), which may be in the future. */
  suppress(stream: string, EmailAddress: string, SuppressionReason: Reason, at = Date.now()): void {
    if (this.has(stream, EmailAddress)) return;
    const Origin = SuppressionReason === 'ManualSuppression' ? 'Customer' : 'Recipient';
    this.#listOf(stream).set(EmailAddress.toLowerCase(), { EmailAddress, SuppressionReason, Origin, at });
  }

  clear(): void {
    this.#lists.clear();
  }

  /** Answers a request to Postmark's suppression API. Returns undefined for any other request. */
  answer(method: string, path: string, query: URLSearchParams, body: unknown): SimulatorAnswer | undefined {
    const found = PATH.exec(path);
    if (!found) return undefined;
    const [, stream = '', action] = found;
    if (!this.#streams.has(stream))
      return postmarkFailure(422, 1226, "The message stream for the provided 'ID' was not found.");
    if (action === '/dump') return method === 'GET' ? { status: 200, body: this.#dump(stream, query) } : undefined;
    if (method !== 'POST') return undefined;
    const result = bodySchema.safeParse(body);
    if (!result.success) return postmarkFailure(422, 403, 'Invalid request field(s).');
    const Suppressions = result.data.Suppressions.map(({ EmailAddress }) =>
      action === '/delete' ? this.#delete(stream, EmailAddress) : this.#add(stream, EmailAddress),
    );
    return { status: 200, body: { Suppressions } };
  }

  #add(stream: string, EmailAddress: string) {
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(EmailAddress))
      return { EmailAddress, Status: 'Failed', Message: 'An invalid email address was provided.' };
    this.suppress(stream, EmailAddress, 'ManualSuppression');
    return { EmailAddress, Status: 'Suppressed', Message: null };
  }

  #delete(stream: string, EmailAddress: string) {
    if (this.#get(stream, EmailAddress)?.SuppressionReason === 'SpamComplaint')
      return {
        EmailAddress,
        Status: 'Failed',
        Message: 'You do not have the required authority to change this suppression.',
      };
    this.#listOf(stream).delete(EmailAddress.toLowerCase());
    return { EmailAddress, Status: 'Deleted', Message: null };
  }

  #get(stream: string, address: string): Inactive | undefined {
    const found = this.#listOf(stream).get(address.toLowerCase());
    return found && found.at <= Date.now() ? found : undefined;
  }

  #listOf(stream: string): Map<string, Inactive> {
    const list = this.#lists.get(stream) ?? new Map<string, Inactive>();
    this.#lists.set(stream, list);
    return list;
  }

  #dump(stream: string, query: URLSearchParams) {
    const given = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
    const is = (name: string, value: string) =>
      !given.has(name) || given.get(name)?.toLowerCase() === value.toLowerCase();
    const day = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Date.parse(text));
    return {
      Suppressions: [...this.#listOf(stream).values()]
        .filter(
          ({ EmailAddress, SuppressionReason, Origin, at }) =>
            at <= Date.now() &&
            is('suppressionreason', SuppressionReason) &&
            is('origin', Origin) &&
            is('emailaddress', EmailAddress) &&
            at >= day(given.get('fromdate'), 0) &&
            at < day(given.get('todate'), Number.POSITIVE_INFINITY) + 24 * 3_600_000,
        )
        .map(({ at, ...entry }) => ({ ...entry, CreatedAt: new Date(at).toISOString() })),
    };
  }
}
