import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import type { DeliveryEvent } from '../contract/event.ts';
import type { EventsEnvironment } from '../contract/events-environment.ts';
import type { CountedEvent, SentTwiceOutcome } from '../contract/metric-outcomes.ts';
import type { Clock } from '../platform/clock.ts';
import type { ListItem, ListTable } from '../platform/list-table.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Queue } from '../platform/queue.ts';
import type { Table } from '../platform/table.ts';
import type { ReportedEvent } from '../providers/event.ts';
import { loggedId } from '../providers/reference.ts';
import type { NoteUnwanted } from '../reputation/hours.ts';
import { readRecord } from '../submission/ledger.ts';
import type { SuppressionDoubt } from '../suppression/doubt.ts';
import type { AddressHashes } from '../suppression/hash.ts';
import type { Suppressions } from '../suppression/list.ts';
import { suppressionBy } from '../suppression/reason.ts';
import type { Unsubscribes } from '../suppression/unsubscribes.ts';
import type { VerifiedRecipients } from '../suppression/verified.ts';
import { isExplained, otherAcceptance } from './duplicates.ts';
import { enqueueEvent } from './enqueue.ts';
import { deliveryEvent, eventItem, eventPlace, keptEvent } from './event-item.ts';
import { noteSubscription, noteVerified } from './subscriptions.ts';

export interface TakeEventDependencies {
  readonly environment: Pick<EventsEnvironment, 'eventsQueueUrl' | 'unsubscribable' | 'gated'>;
  readonly lists: Pick<ListTable, 'add' | 'list'>;
  /** The state table, for the records of submissions. */
  readonly table: Pick<Table, 'get'>;
  /** Suppression list; absent if the events are not signed, since an unsigned event must not suppress an address. */
  readonly suppressions?: Pick<Suppressions, 'add'>;
  /** Tells whether the suppressions that a provider reports are doubtful; present if `suppressions` is present. */
  readonly doubt?: Pick<SuppressionDoubt, 'count' | 'isDoubted'>;
  /** Recipients who unsubscribed from a class of mail; present if `suppressions` is present. */
  readonly unsubscribes?: Pick<Unsubscribes, 'add' | 'remove'>;
  /** Recipients with a delivered mail, for classes of mail in which an address must be verified in this way; present if `suppressions` is present. */
  readonly verified?: Pick<VerifiedRecipients, 'verify'>;
  /**
   * Records hard bounces and complaints for the rates of a class of mail. Present only if `suppressions` is present: a
   * forged report must not pause a class.
   */
  readonly noteUnwanted?: NoteUnwanted;
  readonly hashes: AddressHashes;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Number of events of one request that are processed at a time. */
const AT_A_TIME = 20;

/**
 * Processes the events of one request independently: if one event fails, the other events are processed nevertheless.
 *
 * @throws AggregateError if any event failed; the provider then repeats the request, and events that were processed are skipped
 */
export async function takeEvents(
  provider: string,
  events: readonly ReportedEvent[],
  dependencies: TakeEventDependencies,
): Promise<void> {
  const failed: unknown[] = [];
  const left = events.values();
  await Promise.all(
    Array.from({ length: Math.min(AT_A_TIME, events.length) }, async () => {
      for (const event of left)
        await takeEvent(provider, event, dependencies).catch((error: unknown) => failed.push(error));
    }),
  );
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} of ${events.length} events failed`);
}

/**
 * Puts the recipient on the suppression list if the event requires this, puts the event on the events queue, and adds the item of
 * the event to a list. The item is written last, since it marks the event as done. If the processing of an event was cut off, the
 * provider's retry puts the event on the queue again, so no event is lost.
 */
async function takeEvent(
  provider: string,
  reported: ReportedEvent,
  dependencies: TakeEventDependencies,
): Promise<void> {
  const { environment, lists, unsubscribes, verified, hashes, queue, clock, log, metrics } = dependencies;
  // Events about canaries are not sent to applications.
  if (reported.reference.submissionId?.startsWith(CANARY_PREFIX)) return;
  const event = deliveryEvent(provider, reported, clock.now());
  // During a rotation of the key, earlier events are stored under the hash of the previous key.
  const [recipient, ...previous] = event.recipient === undefined ? [] : await hashes(event.recipient);
  const item = eventItem(event, recipient, clock.now());
  const isKnown = event.submissionId !== undefined;
  const places = [recipient, ...previous].map((hash) => eventPlace(hash, isKnown ? '' : event.id));
  const earlier = (await Promise.all(places.map((place) => lists.list(item.pk, place)))).flat();
  if (earlier.some((one) => keptEvent(one).id === event.id)) return;
  const twice = isKnown && recipient !== undefined ? await sentTwice(item, earlier, event, dependencies) : undefined;
  const suppressed = await suppress(provider, reported, { event, recipient }, dependencies);
  if (unsubscribes) await noteSubscription(event, timeOf(event, clock), environment.unsubscribable, unsubscribes);
  if (verified) await noteVerified(event, environment.gated, verified);
  await dependencies.noteUnwanted?.(event, recipient);
  await enqueueEvent(queue, environment.eventsQueueUrl, suppressed ? { ...event, suppressed } : event);
  await lists.add(item);
  if (reported.unknownType !== undefined)
    log.warn('unknown event', { provider, detail: reported.unknownType.slice(0, 100) });
  if (twice) {
    metrics.add('SentTwice', 1, { outcome: twice.outcome });
    log.warn('sent twice', { ...twice, provider });
  }
  const counted = countedAs(event, reported);
  if (counted) metrics.add('DeliveryEvents', 1, { provider, outcome: counted });
}

/**
 * Puts the recipient on the suppression list if the event requires this and the suppressions of its provider are not
 * doubtful. Returns whether this event added the entry.
 */
async function suppress(
  provider: string,
  reported: ReportedEvent,
  { event, recipient }: { readonly event: DeliveryEvent; readonly recipient: string | undefined },
  { suppressions, doubt, clock, log, metrics }: TakeEventDependencies,
): Promise<boolean> {
  const reason = suppressionBy(reported);
  if (suppressions === undefined || doubt === undefined || reason === undefined) return false;
  if (reported.recipient === undefined || recipient === undefined) return false;
  // Only events about submissions count for the provider's rate of suppressions: other mail may be sent from the same
  // account as well.
  const isOurs = event.submissionId !== undefined;
  if (await (isOurs ? doubt.count(provider, recipient) : doubt.isDoubted(provider))) {
    metrics.add('SuppressionsWithheld', 1, { provider });
    log.warn('suppression withheld', { provider, reason });
    return false;
  }
  const entry = await suppressions.add(reported.recipient, {
    reason,
    source: provider,
    // The entry has the time of the event. Therefore a late event does not add an address that an operator has removed after
    // this time.
    at: timeOf(event, clock),
    eventId: event.id,
  });
  return entry?.eventId === event.id;
}

/** Returns the time of an event, but no time in the future: the time is from the provider's clock, which may be ahead. */
function timeOf({ at }: DeliveryEvent, clock: Clock): number {
  return Math.min(Date.parse(at), clock.now());
}

/** Returns another acceptance of the same mail for the same recipient, if there is any, and whether the record of the submission explains it. */
async function sentTwice(
  item: ListItem,
  earlier: readonly ListItem[],
  { submissionId = '', provider }: DeliveryEvent,
  { table, clock }: TakeEventDependencies,
) {
  const other = otherAcceptance(keptEvent(item), earlier.map(keptEvent));
  if (other === undefined) return undefined;
  const explained = isExplained(await readRecord(table, submissionId), [provider, other.provider], clock.now());
  const outcome: SentTwiceOutcome = explained ? 'expected' : 'unexpected';
  // The id is not logged unchanged, since a submission's id may contain an e-mail address.
  return { submissionId: loggedId(submissionId), otherProvider: other.provider, outcome };
}

function countedAs({ type, bounce }: DeliveryEvent, { unknownType }: ReportedEvent): CountedEvent | undefined {
  if (unknownType !== undefined) return 'unknown';
  if (type === 'bounced') return bounce === 'blocked' ? 'blocked' : 'bounced';
  return type === 'delivered' || type === 'complained' ? type : undefined;
}
