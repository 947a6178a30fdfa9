import { priorityAt } from '../../lambda/routing/route.ts';
import { fixedCosts } from '../../lib/costs/fixed.ts';
import { failoverCosts, type MailCost, mailCost, type OutageCost, waitingCost } from '../../lib/costs/mails.ts';
import { PRICE_LIST } from '../../lib/costs/prices.ts';
import { type CostLine, totalOf } from '../../lib/costs/watching.ts';
import { UsageError } from '../usage.ts';
import type { BilledDeployment } from './deployment.ts';

/** Costs of a deployment, in US dollars. */
export interface Bill {
  readonly region: string;
  /** Date of the prices. */
  readonly date: string;
  readonly currency: 'USD';
  /** Costs of one month without any mail. */
  readonly fixed: { readonly lines: readonly CostLine[]; readonly total: number };
  /** Costs of a million mails through each provider that sends, in the order of the priority of the providers. */
  readonly millionMails: readonly MailCost[];
  /** For each provider: the additional costs if the next provider sends a million mails in its place. */
  readonly failover: readonly OutageCost[];
  /** Costs of a million mails that wait while no provider accepts them. */
  readonly waiting: { readonly once: number; readonly hour: number };
}

/**
 * Returns the bill of a deployment. `prices` has dollars for a thousand mails, by provider key.
 *
 * @throws UsageError if `prices` has a key that is not the key of a sending provider
 */
export function billOf(deployment: BilledDeployment, prices: Readonly<Record<string, number>>): Bill {
  const listed = deployment.providers.filter(({ outbound }) => outbound !== false);
  const sending = listed
    .map((provider, place) => ({ provider, priority: priorityAt(provider, place, listed.length) }))
    .toSorted((one, other) => other.priority - one.priority)
    .map(({ provider }) => provider);
  const keys = sending.map(({ key }) => key);
  const unknown = Object.keys(prices).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new UsageError(`--price: no provider ${unknown} sends; there are ${keys.join(', ')}`);
  const { senderMemoryMb } = deployment;
  const each = Object.fromEntries(Object.entries(prices).map(([key, dollars]) => [key, dollars / 1_000]));
  const lines = fixedCosts(deployment);
  const millionMails = sending.map(({ key, type, events }) =>
    mailCost({ key, type, events: events !== undefined }, senderMemoryMb, each),
  );
  return {
    region: PRICE_LIST.region,
    date: PRICE_LIST.date,
    currency: 'USD',
    fixed: { lines, total: totalOf(lines) },
    millionMails,
    failover: failoverCosts(millionMails),
    waiting: waitingCost(senderMemoryMb),
  };
}
