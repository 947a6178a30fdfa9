import { definitionOf } from '../../lambda/providers/registry.ts';
import { EVENTS_MEMORY_MB } from '../functions/memory.ts';
import { ASSUMED, batchSeconds, invocations, MEASURED } from './measured.ts';
import { PRICES, PROVIDER_PRICES } from './prices.ts';
import { sum } from './watching.ts';

/** A provider as far as the cost of its mail needs it. */
export interface CostedProvider {
  readonly key: string;
  readonly type: string;
  /** Whether the deployment takes delivery events of the provider. */
  readonly events: boolean;
}

/** Dollars for a million mails over one provider: of 10 KB, to one recipient, in full batches, accepted at once. */
export interface MailCost {
  readonly key: string;
  /** Cost of the producers, for `SendMessage` without batches. */
  readonly submissions: number;
  readonly sending: {
    readonly table: number;
    readonly function: number;
    readonly queue: number;
    readonly log: number;
    readonly network: number;
  };
  /** Cost of the delivery events; 0 without `events`. */
  readonly events: number;
  /** Cost of AWS in total. */
  readonly aws: number;
  /** Price of the provider itself; absent if it is not known. */
  readonly provider?: number;
  readonly total: number;
}

const MILLION = 1e6;
const GB = 1e9;

/** The cost of a million mails over a provider; `prices` are dollars for one mail by provider key, in place of its list price. */
export function mailCost(
  { key, type, events }: CostedProvider,
  memoryMb: number,
  prices: Readonly<Record<string, number>> = {},
): MailCost {
  const batches = MILLION / MEASURED.batch;
  const submissions = MILLION * PRICES.queueRequest.dollars;
  const kept = (MILLION * ASSUMED.recordBytes) / GB;
  const sending = {
    table:
      MILLION * MEASURED.writeUnits * PRICES.writeUnit.dollars +
      kept * (PRICES.tableStorage.dollars + PRICES.tableBackup.dollars),
    function: invocations(batches, batchSeconds(type, memoryMb), memoryMb),
    // One receive and one delete for each batch.
    queue: 2 * batches * PRICES.queueRequest.dollars,
    log: logCost(MEASURED.logBytes),
    // Requests to services of AWS in the region of the stack cost no transfer.
    network: type === 'ses' ? 0 : ((MILLION * ASSUMED.sentBytes) / GB) * PRICES.transferOut.dollars,
  };
  const ofEvents = events ? eventsCost(type) : 0;
  const aws = submissions + sum(Object.values(sending)) + ofEvents;
  const each = prices[key] ?? PROVIDER_PRICES[type]?.dollars;
  return {
    key,
    submissions,
    sending,
    events: ofEvents,
    aws,
    ...(each !== undefined && { provider: MILLION * each }),
    total: aws + MILLION * (each ?? 0),
  };
}

/** Dollars for the delivery events of a million mails. */
function eventsCost(type: string): number {
  const { over } = definitionOf(type).events ?? {};
  // Reports by mail come only of mail that was not delivered.
  if (over === undefined || over === 'mail') return 0;
  const events = MILLION * (ASSUMED.eventsOfMail[type] ?? 2);
  // Posts have one event each at most providers; published events reach the function over a topic and a queue, in batches.
  const way =
    over === 'http'
      ? PRICES.apiRequest.dollars + invocations(1, ASSUMED.eventSeconds, EVENTS_MEMORY_MB)
      : PRICES.topicRequest.dollars +
        1.2 * PRICES.queueRequest.dollars +
        invocations(1 / MEASURED.batch, ASSUMED.eventSeconds * MEASURED.batch, EVENTS_MEMORY_MB);
  const writes = 1 + (ASSUMED.tokenWrites[type] ?? 0);
  const taken = writes * PRICES.writeUnit.dollars + PRICES.readUnit.dollars + PRICES.queueRequest.dollars;
  return events * (way + taken) + (events / MILLION) * logCost(ASSUMED.eventLogBytes);
}

/** Dollars for a log with these bytes for each of a million mails. */
function logCost(bytes: number): number {
  const gigabytes = (MILLION * bytes) / GB;
  return gigabytes * (PRICES.logIngestion.dollars + ASSUMED.logMonths * PRICES.logStorage.dollars);
}

/** What an outage costs more for a million mails. */
export interface OutageCost {
  /** Key of the provider that is down. */
  readonly key: string;
  /** Key of the provider that takes its mail. */
  readonly instead: string;
  /** Dollars more than without the outage; absent if a price is not known. */
  readonly more?: number;
  /** The part of it that AWS bills. */
  readonly aws: number;
}

/** Additional cost of a million mails of each provider while the next provider takes them; the first one is next after the last. */
export function failoverCosts(costs: readonly MailCost[]): readonly OutageCost[] {
  return costs.flatMap((own, place) => {
    const next = costs[place + 1] ?? costs[0];
    if (next === undefined || next === own) return [];
    const known = own.provider !== undefined && next.provider !== undefined;
    return [
      {
        key: own.key,
        instead: next.key,
        aws: next.aws - own.aws,
        ...(known && { more: next.total - own.total }),
      },
    ];
  });
}

/** Dollars for a million mails that wait because no provider takes them: once, and for each hour. */
export function waitingCost(memoryMb: number): { readonly once: number; readonly hour: number } {
  const looks = MILLION * ASSUMED.looksInHour;
  return {
    once: MILLION * ASSUMED.writeUnitsOfWait * PRICES.writeUnit.dollars,
    hour:
      looks * (1 + 2 / MEASURED.batch) * PRICES.queueRequest.dollars +
      invocations(looks / MEASURED.batch, ASSUMED.lookSeconds, memoryMb),
  };
}
