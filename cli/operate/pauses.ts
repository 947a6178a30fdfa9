import type { ClassPause } from '../../lambda/reputation/paused-classes.ts';

/** A paused class for `--json`. */
export function inJson({ since, of, rate, mails }: ClassPause): object {
  return { since: new Date(since).toISOString(), of, rate, mails };
}

/** A paused class in words, such as `since 2026-11-29 12:00 UTC: 6.1 % bounces of 1200 mails`. */
export function inWords({ since, of, rate, mails }: ClassPause): string {
  const at = new Date(since).toISOString().slice(0, 16).replace('T', ' ');
  return `since ${at} UTC: ${Number((rate * 100).toPrecision(2))} % ${of} of ${mails} mails`;
}
