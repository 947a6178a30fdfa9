import type { RateLimits } from '../contract/routes.ts';

/**
 * Kinds of delivery events that harm the reputation of a sender: hard bounces, and complaints of recipients. A class of mail has
 * a limit for the rate of each kind.
 */
export const UNWANTED = ['bounces', 'complaints'] as const;
export type Unwanted = (typeof UNWANTED)[number];

/** Numbers for one class of mail and one hour: recipients whose mail was accepted, hard bounces, and complaints. */
export type ClassCounts = Readonly<Record<'mails' | Unwanted, number>>;

/**
 * Counts of one class of mail by provider. `mails` is counted under an empty key. Bounces and complaints are counted under
 * the key of the provider that reported them.
 */
export type CountsByProvider = ReadonlyMap<string, ClassCounts>;

/** The counts of one hour for each class of mail. */
export type HourOfClasses = ReadonlyMap<string, CountsByProvider>;

/** Returns the sum of the counts of a class of mail, without the reports of the providers in `doubted`. */
export function countsWithout(doubted: ReadonlySet<string>, counts: CountsByProvider): ClassCounts {
  const all = [...counts].flatMap(([provider, one]) => (doubted.has(provider) ? [] : [one]));
  const sum = (name: keyof ClassCounts) => all.reduce((total, one) => total + one[name], 0);
  return { mails: sum('mails'), bounces: sum('bounces'), complaints: sum('complaints') };
}

/**
 * Limits of a class of mail for which the configuration (its route) sets no limits, as fractions of the mail. They are below all
 * known limits of e-mail providers:
 *
 * - SES: reviews an account from 5 % bounces or 0.1 % complaints, and pauses it from 10 % or 0.5 % (Developer Guide,
 *   reputation metrics messages, 2026-11-29)
 * - Postmark: requires less than 10 % bounces and 0.1 % complaints (support article 1082, 2026-11-29)
 * - Mailgun: disables a domain above thresholds that it does not publish (help.mailgun.com 202051664, 2026-11-29); one of its
 *   resellers states 5 % bounces (help.prismacampaigns.com, 2026-11-29)
 * - SendGrid: publishes no limits
 */
export const RATE_LIMITS: RateLimits = { bounces: 0.04, complaints: 0.0008 };

/** Least number of recipients with which the rates of a class of mail are checked; with fewer recipients, a few addresses would decide. */
const LEAST_MAILS = 200;
/** Least number of bounces or complaints that pauses a class of mail; with a lower number, a few addresses would decide. */
const LEAST: Readonly<Record<Unwanted, number>> = { bounces: 10, complaints: 3 };
/**
 * Number of hours whose counts are added up for one check. Most bounces are reported within an hour; complaints may be reported
 * days later, when the mail is read.
 */
const HOURS: Readonly<Record<Unwanted, number>> = { bounces: 24, complaints: 7 * 24 };
/** Largest number of hours whose counts are checked. */
export const CHECKED_HOURS = Math.max(...Object.values(HOURS));

/** A rate of bounces or complaints that is above its limit. */
export interface Excess {
  readonly of: Unwanted;
  /** Fraction of the mail, from 0 to 1. */
  readonly rate: number;
  readonly mails: number;
}

/**
 * Returns the first rate of a class of mail that is above its limit; undefined if no rate is above its limit. `hours`:
 * counts by hour, the newest first.
 */
export function excessOf(hours: readonly ClassCounts[], limits: RateLimits): Excess | undefined {
  for (const of of UNWANTED) {
    const within = hours.slice(0, HOURS[of]);
    const sum = (name: keyof ClassCounts) => within.reduce((total, one) => total + one[name], 0);
    const [mails, unwanted] = [sum('mails'), sum(of)];
    // The reports can outnumber the mails only if some reports are about mails that were sent before these hours.
    const rate = Math.min(1, unwanted / mails);
    if (mails >= LEAST_MAILS && unwanted >= LEAST[of] && rate > limits[of]) return { of, rate, mails };
  }
  return undefined;
}
