import { defined } from '../../lambda/platform/defined.ts';
import type { Header, MailView } from './mail-view.ts';
import { headersOf, headerValues, viewMime } from './mime-view.ts';

/** Whether opens and clicks are tracked. */
export interface TrackingView {
  readonly opens?: boolean;
  readonly clicks?: boolean;
}

/**
 * An accepted mail, in the form in which a simulator adds it to the log. The content of the mail is decoded only when a caller
 * reads it.
 */
export interface Taking {
  readonly providerMessageId: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** Open and click tracking that the request sets. If a field is absent, the setting of the account applies. */
  readonly tracking?: TrackingView;
  /** The bytes as received: the request body of an HTTP provider, or the MIME message. */
  readonly raw: Buffer;
  /** Returns the MIME message that is delivered to the recipients. */
  mime(): Buffer | Promise<Buffer>;
  headers(): readonly Header[];
  view(): MailView | Promise<MailView>;
}

/** Converts a mail that was accepted as MIME to the form in which it is added to the log. */
export function takingOf(
  providerMessageId: string,
  envelope: Taking['envelope'],
  raw: Buffer,
  headers: Taking['headers'] = () => headersOf(raw),
): Taking {
  return { providerMessageId, envelope, raw, mime: () => raw, headers, view: () => viewMime(raw) };
}

/** An entry in the answer to `GET /api/accepted`. */
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

/** Log of the mails that the simulators accepted, in the order of time. The log grows without a limit until it is cleared. */
export class AcceptedLog {
  #kept: Kept[] = [];
  readonly #deliver: (taking: Taking) => Promise<void>;

  /** @param deliver - delivers a mail to its recipients */
  constructor(deliver: (taking: Taking) => Promise<void> = () => Promise.resolve()) {
    this.#deliver = deliver;
  }

  /** Adds an accepted mail to the log, and delivers it to its recipients. */
  add(provider: string, taking: Taking): void {
    this.#kept.push({ provider, at: new Date().toISOString(), taking });
    this.deliver(taking);
  }

  /**
   * Delivers a mail to its recipients without adding it to the log, for example a bounce message that a provider itself wrote.
   * Errors are only printed.
   */
  deliver(taking: Taking): void {
    this.#deliver(taking).catch((error: unknown) => console.error('a mail could not be delivered here:', error));
  }

  /**
   * Returns the entries of one provider, the entries of one submission, or all entries. With `raw: false` the entries do not
   * contain the raw bytes of the mail.
   */
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

  /**
   * Returns the entry with this index in the log, without the raw bytes. Returns undefined if the log has no such entry, for
   * example because it was cleared.
   */
  async at(place: number): Promise<AcceptedEntry | undefined> {
    const kept = this.#kept[place];
    return kept && entryOf(kept, false);
  }

  /** Returns the entries of a submission with their indexes in the log, without the raw bytes. */
  async of(submissionId: string): Promise<(AcceptedEntry & { readonly place: number })[]> {
    const places = [...this.#kept.entries()].filter(([, kept]) => submissionIdOf(kept) === submissionId);
    return Promise.all(places.map(async ([place, kept]) => ({ place, ...(await entryOf(kept, false)) })));
  }

  /** Returns the number of mails that were accepted since `time`, which is in epoch milliseconds of real time. */
  countSince(time: number): number {
    const since = new Date(time).toISOString();
    const older = this.#kept.findLastIndex(({ at }) => at < since);
    return this.#kept.length - 1 - older;
  }

  /**
   * Returns the number of accepted mails for each provider. With `prefix`, counts only the mails of submissions whose id has this
   * prefix.
   */
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
    ...defined({ rawBase64: raw ? taking.raw.toString('base64') : undefined }),
  };
}

function submissionIdOf(kept: Kept): string | undefined {
  return headerValues(headersOnce(kept), 'X-Mailover-Id')[0];
}

function headersOnce(kept: Kept): readonly Header[] {
  kept.headers ??= kept.taking.headers();
  return kept.headers;
}
