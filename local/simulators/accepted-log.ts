import { defined } from '../../lambda/platform/defined.ts';
import type { Header, MailView } from './mail-view.ts';
import { headerValues } from './mime-view.ts';

/** Whether opens and clicks are tracked. */
export interface TrackingView {
  readonly opens?: boolean;
  readonly clicks?: boolean;
}

/** A mail that a simulator accepted. Its content is decoded only when read. */
export interface Taking {
  readonly providerMessageId: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** Tracking that the request sets; the account's setting decides the rest. */
  readonly tracking?: TrackingView;
  /** Request body, or MIME as received. */
  readonly raw: Buffer;
  /** The mail as delivered to the recipients. */
  mime(): Buffer | Promise<Buffer>;
  headers(): readonly Header[];
  view(): MailView | Promise<MailView>;
}

/** An entry of `GET /api/accepted`. */
export interface AcceptedEntry extends MailView {
  readonly provider: string;
  readonly at: string;
  readonly submissionId?: string;
  readonly providerMessageId: string;
  readonly envelope: Taking['envelope'];
  readonly tracking?: TrackingView;
  readonly headers: readonly Header[];
  readonly rawBase64?: string;
}

interface Kept {
  readonly provider: string;
  readonly at: string;
  readonly taking: Taking;
  headers?: readonly Header[];
  view?: MailView;
}

/** Log of mails that the simulators accepted, in order, until it is cleared. */
export class AcceptedLog {
  #kept: Kept[] = [];
  readonly #deliver: (taking: Taking) => Promise<void>;

  /** `deliver` delivers a mail to its recipients. */
  constructor(deliver: (taking: Taking) => Promise<void> = () => Promise.resolve()) {
    this.#deliver = deliver;
  }

  add(provider: string, taking: Taking): void {
    this.#kept.push({ provider, at: new Date().toISOString(), taking });
    this.deliver(taking);
  }

  /** Delivers a mail that a server wrote itself, such as a bounce; it is not in the log of accepted mail. */
  deliver(taking: Taking): void {
    this.#deliver(taking).catch((error: unknown) => console.error('a mail could not be delivered here:', error));
  }

  /** Entries of a provider, of a submission, or all; `raw: false` omits the bytes. */
  async list(
    filter: { readonly provider?: string; readonly id?: string; readonly raw?: boolean } = {},
  ): Promise<AcceptedEntry[]> {
    const found = this.#kept.filter(
      (kept) =>
        (filter.provider === undefined || kept.provider === filter.provider) &&
        (filter.id === undefined || submissionIdOf(kept) === filter.id),
    );
    const entries: AcceptedEntry[] = [];
    for (const kept of found) entries.push(await entryOf(kept, filter.raw !== false));
    return entries;
  }

  /** The entry at a place, without its bytes; undefined after the log was cleared. */
  async at(place: number): Promise<AcceptedEntry | undefined> {
    const kept = this.#kept[place];
    return kept && entryOf(kept, false);
  }

  /** The entries of a submission with their places, without their bytes. */
  async of(submissionId: string): Promise<(AcceptedEntry & { readonly place: number })[]> {
    const places = [...this.#kept.entries()].filter(([, kept]) => submissionIdOf(kept) === submissionId);
    return Promise.all(places.map(async ([place, kept]) => ({ place, ...(await entryOf(kept, false)) })));
  }

  /** Number of mails accepted since a time, in epoch milliseconds. */
  countSince(time: number): number {
    const since = new Date(time).toISOString();
    const older = this.#kept.findLastIndex(({ at }) => at < since);
    return this.#kept.length - 1 - older;
  }

  /** Number of mails that each provider accepted, of all submissions or those with this id prefix. */
  counts(prefix?: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const kept of this.#kept) {
      if (prefix !== undefined && !submissionIdOf(kept)?.startsWith(prefix)) continue;
      counts[kept.provider] = (counts[kept.provider] ?? 0) + 1;
    }
    return counts;
  }

  clear(): void {
    this.#kept = [];
  }
}

async function entryOf(kept: Kept, raw: boolean): Promise<AcceptedEntry> {
  const { provider, at, taking } = kept;
  const submissionId = submissionIdOf(kept);
  kept.view ??= await taking.view();
  return {
    provider,
    at,
    providerMessageId: taking.providerMessageId,
    envelope: taking.envelope,
    headers: headersOnce(kept),
    ...defined({ submissionId, tracking: taking.tracking }),
    ...kept.view,
    ...(raw && { rawBase64: taking.raw.toString('base64') }),
  };
}

function submissionIdOf(kept: Kept): string | undefined {
  return headerValues(headersOnce(kept), 'X-Mailover-Id')[0];
}

function headersOnce(kept: Kept): readonly Header[] {
  kept.headers ??= kept.taking.headers();
  return kept.headers;
}
