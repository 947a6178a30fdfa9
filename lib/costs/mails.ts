import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { EVENTS_MEMORY_MB } from '../configuration/memory.ts';
import { ASSUMED, BATCH_REQUESTS, batchSeconds, invocations, MEASURED } from './measured.ts';
import { PRICES, PROVIDER_PRICES } from './prices.ts';
import { sum } from './watching.ts';

/** The properties of a provider on which the cost of the mail that it sends depends. */
export interface CostedProvider {
  readonly key: string;
  readonly type: string;
  /** Whether the deployment receives delivery events of the provider. */
  readonly events: boolean;
}

/**
 * Costs of a million mails through one provider, in dollars. Each mail has 10 KB and one recipient, is processed in a full batch,
 * and is accepted at its first attempt.
 */
export interface MailCost {
  readonly key: string;
  /** Cost of `SendMessage` for the programs that submit mail, without batches. */
  readonly submissions: number;
  readonly sending: {
    readonly table: number;
    readonly function: number;
    readonly queue: number;
    readonly log: number;
    readonly network: number;
  };
  /** Cost of the delivery events; 0 if the provider has no `events`, or sends its delivery events as mail. */
  readonly events: number;
  /** Cost of AWS in total. */
  readonly aws: number;
  /** Price of the provider itself; absent if it is not known. */
  readonly provider?: number;
  readonly total: number;
}

const MILLION = 1e6;
const GB = 1e9;

/**
 * Returns the cost of a million mails through a provider. `prices` has the price of one mail in dollars, by provider key; such a
 * price replaces the list price.
 */
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
    queue: BATCH_REQUESTS * batches * PRICES.queueRequest.dollars,
    log: logCost(MEASURED.logBytes),
    // Requests to AWS services in the same region have no transfer costs.
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
    ...defined({ provider: each === undefined ? undefined : MILLION * each }),
    total: aws + MILLION * (each ?? 0),
  };
}

/** Returns the price, in dollars, of the delivery events of a million mails. */
function eventsCost(type: string): number {
  const { over } = definitionOf(type).events ?? {};
  // Some providers send delivery events as mail, but only for mail that was not delivered. The bill leaves these few events out.
  if (over === undefined || over === 'mail') return 0;
  const events = MILLION * (ASSUMED.eventsOfMail[type] ?? 2);
  // Most providers post each delivery event in a request of its own. Published events reach the function through a topic and a
  // queue, in batches.
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

/** Returns the price, in dollars, of the log of a million mails with this number of bytes each. */
function logCost(bytes: number): number {
  const gigabytes = (MILLION * bytes) / GB;
  return gigabytes * (PRICES.logIngestion.dollars + ASSUMED.logMonths * PRICES.logStorage.dollars);
}

/** Additional cost, for a million mails, of the outage of one provider. */
export interface OutageCost {
  /** Key of the provider that is down. */
  readonly key: string;
  /** Key of the provider that accepts the mail instead. */
  readonly instead: string;
  /** Additional cost in dollars, compared with no outage; absent if the price of one of the two providers is not known. */
  readonly more?: number;
  /** The part of the additional cost that AWS bills, in dollars; present even if `more` is absent. */
  readonly aws: number;
}

/**
 * Returns, for each provider, the additional cost if the next provider of the list accepts a million of its mails. For the last
 * provider in the list, the next provider is the first.
 */
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
        ...defined({ more: known ? next.total - own.total : undefined }),
      },
    ];
  });
}

/**
 * Returns the additional cost, in dollars, of a million mails that wait because no provider accepts them: a fixed part (`once`),
 * and a part for each hour of the wait (`hour`).
 */
export function waitingCost(memoryMb: number): { readonly once: number; readonly hour: number } {
  const looks = MILLION * ASSUMED.looksInHour;
  return {
    once: MILLION * ASSUMED.writeUnitsOfWait * PRICES.writeUnit.dollars,
    hour:
      looks * (1 + BATCH_REQUESTS / MEASURED.batch) * PRICES.queueRequest.dollars +
      invocations(looks / MEASURED.batch, ASSUMED.lookSeconds, memoryMb),
  };
}
