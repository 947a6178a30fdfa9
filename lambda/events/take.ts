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
  /** Absent where events are not signed: these suppress no address. */
  readonly suppressions?: Pick<Suppressions, 'add'>;
  /** Present with `suppressions`. */
  readonly doubt?: Pick<SuppressionDoubt, 'count' | 'isDoubted'>;
  /** Absent there, too. */
  readonly unsubscribes?: Pick<Unsubscribes, 'add' | 'remove'>;
  /** Absent there, too. */
  readonly verified?: Pick<VerifiedRecipients, 'verify'>;
  /** Absent there, too: a forged report must not pause a class. */
  readonly noteUnwanted?: NoteUnwanted;
  readonly hashes: AddressHashes;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Events of one request that are taken at a time. */
const AT_A_TIME = 20;

/**
 * Takes the events of one request, each by itself: one that fails does not keep the others from being taken.
 *
 * @throws AggregateError if any failed; the provider then repeats the request, and those taken before are recognised
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
 * Suppresses the recipient where the event says so, puts the event on the events queue and then into its list, in this
 * order: the item says that all is done, so an event whose handling was cut off is put on the queue again, and none is
 * lost.
 */
async function takeEvent(
  provider: string,
  reported: ReportedEvent,
  dependencies: TakeEventDependencies,
): Promise<void> {
  const { environment, lists, unsubscribes, verified, hashes, queue, clock, log, metrics } = dependencies;
  // News of our own test messages is for no application.
  if (reported.reference.submissionId?.startsWith(CANARY_PREFIX)) return;
  const event = deliveryEvent(provider, reported, clock.now());
  // During a rotation of the key, events are also kept under the previous hash.
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
 * Puts the recipient on the suppression list if the event asks for it and its provider is not in doubt. Returns whether
 * this event added the entry.
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
  // The rate is that of our own mail: an account may send other mail as well.
  const isOurs = event.submissionId !== undefined;
  if (await (isOurs ? doubt.count(provider, recipient) : doubt.isDoubted(provider))) {
    metrics.add('SuppressionsWithheld', 1, { provider });
    log.warn('suppression withheld', { provider, reason });
    return false;
  }
  const entry = await suppressions.add(reported.recipient, {
    reason,
    source: provider,
    // An event that comes late must not list an address that was removed since.
    at: timeOf(event, clock),
    eventId: event.id,
  });
  return entry?.eventId === event.id;
}

/** Time of an event, by the clock of the provider, which may be ahead. */
function timeOf({ at }: DeliveryEvent, clock: Clock): number {
  return Math.min(Date.parse(at), clock.now());
}

/** Another acceptance of the same mail for the same recipient, and whether the record of the submission explains it. */
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
  // An id may contain an address.
  return { submissionId: loggedId(submissionId), otherProvider: other.provider, outcome };
}

function countedAs({ type, bounce }: DeliveryEvent, { unknownType }: ReportedEvent): CountedEvent | undefined {
  if (unknownType !== undefined) return 'unknown';
  if (type === 'bounced') return bounce === 'blocked' ? 'blocked' : 'bounced';
  return type === 'delivered' || type === 'complained' ? type : undefined;
}
