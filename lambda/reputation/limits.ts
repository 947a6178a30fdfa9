import type { RateLimits } from '../contract/routes.ts';

/** Answers of recipients and their servers to mail that they did not want; each has a limit. */
export const UNWANTED = ['bounces', 'complaints'] as const;
export type Unwanted = (typeof UNWANTED)[number];

/** Recipients of one class whose mail was accepted in an hour, and how many of them bounced hard or complained in it. */
export type ClassCounts = Readonly<Record<'mails' | Unwanted, number>>;

/** Counts of one class: those of its mail under an empty key, those of unwanted mail under the provider that reported it. */
export type CountsByProvider = ReadonlyMap<string, ClassCounts>;

/** The counts of an hour, by class. */
export type HourOfClasses = ReadonlyMap<string, CountsByProvider>;

/** The counts of a class without those that some providers reported. */
export function countsWithout(doubted: ReadonlySet<string>, counts: CountsByProvider): ClassCounts {
  const all = [...counts].flatMap(([provider, one]) => (doubted.has(provider) ? [] : [one]));
  const sum = (name: keyof ClassCounts) => all.reduce((total, one) => total + one[name], 0);
  return { mails: sum('mails'), bounces: sum('bounces'), complaints: sum('complaints') };
}

/**
 * Limits where the route of a class sets none, below those of every vendor:
 *
 * - SES: a review from 5 % bounces or 0.1 % complaints, a pause from 10 % or 0.5 % (Developer Guide, reputation metrics
 *   messages, 2026-11-29)
 * - Postmark: below 10 % bounces and 0.1 % complaints (support article 1082, 2026-11-29)
 * - Mailgun: disables a domain above thresholds that it does not publish (help.mailgun.com 202051664, 2026-11-29); a reseller of it
 *   names 5 % bounces (help.prismacampaigns.com, 2026-11-29)
 * - SendGrid publishes none
 */
export const RATE_LIMITS: RateLimits = { bounces: 0.04, complaints: 0.0008 };

/** Least number of recipients from which a class is judged: below it a few addresses would decide. */
const LEAST_MAILS = 200;
/** Least number of bounces or complaints that pauses a class: below it a few addresses would decide. */
const LEAST: Readonly<Record<Unwanted, number>> = { bounces: 10, complaints: 3 };
/** Hours that are judged together. Bounces come within the hour; complaints days later, when their mail is read. */
const HOURS: Readonly<Record<Unwanted, number>> = { bounces: 24, complaints: 7 * 24 };
/** Largest number of hours that are judged. */
export const JUDGED_HOURS = Math.max(...Object.values(HOURS));

/** A rate above its limit. */
export interface Excess {
  readonly of: Unwanted;
  /** Part of the mail, from 0 to 1. */
  readonly rate: number;
  readonly mails: number;
}

/** The rate of a class that is above its limit, if one is; `hours`: the newest first. */
export function excessOf(hours: readonly ClassCounts[], limits: RateLimits): Excess | undefined {
  for (const of of UNWANTED) {
    const within = hours.slice(0, HOURS[of]);
    const sum = (name: keyof ClassCounts) => within.reduce((total, one) => total + one[name], 0);
    const [mails, unwanted] = [sum('mails'), sum(of)];
    // More than one answer for a mail is possible only at the beginning of the time that is judged.
    const rate = Math.min(1, unwanted / mails);
    if (mails >= LEAST_MAILS && unwanted >= LEAST[of] && rate > limits[of]) return { of, rate, mails };
  }
  return undefined;
}
