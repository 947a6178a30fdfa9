import { TOKEN_HEADER } from '../canary/canary.ts';
import { noteReturn, type ReturnedCanary } from '../canary/returned.ts';
import type { InboundMessage } from '../contract/inbound.ts';
import type { InboundFlag } from '../contract/inbound-enums.ts';
import type { InboundEnvironment } from '../contract/inbound-environment.ts';
import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ObjectStore } from '../platform/object-store.ts';
import type { Queue } from '../platform/queue.ts';
import type { Table } from '../platform/table.ts';
import type { MailContent, PostedMail } from '../providers/inbound.ts';
import { composeMessages } from './compose.ts';
import { enqueueReceived } from './deliver.ts';
import { isTnef, keepFiles } from './files.ts';
import { valuesOf } from './headers.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { normalised } from './normalise-content.ts';
import { once } from './once.ts';
import { readFully } from './read-fully.ts';
import type { TakeReport } from './reports.ts';
import { rememberId } from './reused-ids.ts';

/** Dependencies of processing a mail. */
export interface TakeDependencies {
  readonly environment: Pick<InboundEnvironment, 'inboundQueueUrl'>;
  readonly store: ObjectStore;
  readonly queue: Queue;
  readonly table: Table;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Processes the delivery events in a mail; absent if no provider sends its delivery events as mail. */
  readonly takeReport?: TakeReport;
}

/** A mail whose raw form is in the bucket. */
export interface Kept {
  readonly provider: { readonly key: string; readonly type: string };
  readonly posted: PostedMail;
  /** The complete raw mail; absent if the provider neither posted nor stored it. */
  readonly mime?: Buffer;
  readonly raw: InboundMessage['raw'];
  /** Whether a part of the mail could not be fetched. */
  readonly truncated?: boolean;
  /**
   * True if the provider did not deliver the mail to Mailover by itself: the reconciler found it at the provider. A canary among
   * such mail does not count as returned.
   */
  readonly isFound?: boolean;
}

const AT_A_TIME = 50;
/**
 * Number of characters of a mail's text and HTML above which the messages for several recipients may not fit into memory
 * together.
 */
const LARGE = 1_000_000;

/** Result for one mail. `busy`: another process is still processing the same mail. */
export interface Taken {
  readonly outcome: 'delivered' | 'duplicate' | 'canary' | 'busy';
  readonly ids: readonly string[];
}

/** Parses a mail and sends it to the inbound queue, once per recipient. */
export async function takeMail(
  { provider, posted, mime, raw, truncated = false, isFound = false }: Kept,
  { environment, store, queue, table, clock, metrics, takeReport }: TakeDependencies,
): Promise<Taken> {
  const content = normalised(mime === undefined ? posted.content : readFully(mime, posted));
  // Delivery events in the mail are processed before the mail counts as delivered. After a failure, the mail and its events
  // are processed again; events that were already processed are skipped.
  await takeReport?.(content);
  const { attachments, complete } = await keepFiles(content.files, store);
  const incomplete = truncated || content.truncated === true || !complete;
  const flags: InboundFlag[] = [
    ...(incomplete || content.cut ? (['truncated'] as const) : []),
    ...(content.unparsable ? (['unparsable'] as const) : []),
  ];
  const composed = composeMessages(posted, content, {
    provider: provider.key,
    type: provider.type,
    receivedAt: new Date(clock.now()).toISOString(),
    raw,
    attachments,
    flags: content.files.some(isTnef) ? [...flags, 'tnef'] : flags,
    incomplete,
  });
  const canary = await canaryAmong(
    content.headers,
    { over: provider.key, recipients: posted.recipients, proves: !isFound },
    table,
  );
  const messages = composed.filter(({ envelope }) => envelope.to[0]?.toLowerCase() !== canary?.trim().toLowerCase());
  if (messages.length === 0) return { outcome: 'canary', ids: [] };
  const large = (content.text?.length ?? 0) + (content.html?.length ?? 0) > LARGE;
  const results = await mapConcurrently(messages, large ? 1 : AT_A_TIME, (message) =>
    once(table, clock, { id: message.id, provider: provider.key, truncated: incomplete }, (until) =>
      enqueueReceived(message, until, { queue, queueUrl: environment.inboundQueueUrl, store, clock }),
    ),
  );
  const delivered = results.filter((result) => result === 'delivered').length;
  if (delivered > 0) {
    const takenAt = posted.takenAt ?? receivedTime(content.headers);
    if (takenAt !== undefined)
      metrics.add('InboundAge', Math.max(0, clock.now() - takenAt) / 1000, { provider: provider.key });
    if (flags.length > 0) metrics.add('InboundIncomplete', delivered, { provider: provider.key });
    await countReused(messages.filter((_message, place) => results[place] === 'delivered'));
  }
  /** Counts mail with a reused Message-ID. An error is ignored, since it would make the provider send the delivered mail again. */
  async function countReused(taken: readonly InboundMessage[]): Promise<void> {
    const reused = await mapConcurrently(taken, AT_A_TIME, (message) =>
      rememberId(table, clock, message).catch(() => false),
    );
    const count = reused.filter(Boolean).length;
    if (count > 0) metrics.add('InboundIdReused', count, { provider: provider.key });
  }

  return {
    outcome: results.includes('busy') ? 'busy' : delivered > 0 ? 'delivered' : 'duplicate',
    ids: messages.map(({ id }) => id),
  };
}

/**
 * Returns the recipient for which the mail is a canary of this deployment; undefined if the mail is no canary. Records that
 * the canary has returned.
 */
export async function canaryAmong(
  headers: MailContent['headers'],
  reception: Omit<ReturnedCanary, 'token'>,
  table: Table,
): Promise<string | undefined> {
  const [token] = valuesOf(headers, TOKEN_HEADER.toLowerCase());
  return token === undefined ? undefined : await noteReturn(table, { token, ...reception });
}

/**
 * Returns the time at which the provider's mail server accepted the mail, in epoch milliseconds. This server is the last server
 * that added a Received header, so its header is the first in the mail.
 */
function receivedTime(headers: MailContent['headers']): number | undefined {
  const [last = ''] = valuesOf(headers, 'received');
  const time = Date.parse(
    last
      .slice(last.lastIndexOf(';') + 1)
      .replace(/\([^()]*\)/g, ' ')
      .trim(),
  );
  return Number.isNaN(time) ? undefined : time;
}
