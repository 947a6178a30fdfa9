import { isoTime, minuteTime } from '../../lambda/platform/iso-time.ts';
import type { ClassPause } from '../../lambda/reputation/paused-classes.ts';

/** Returns a paused class of mail in the form that `--json` prints. */
export function pauseInJson({ since, of, rate, mails }: ClassPause): object {
  return { since: isoTime(since), of, rate, mails };
}

/** Describes a paused class of mail, such as `since 2026-11-29 12:00 UTC: 6.1 % bounces of 1200 mails`. */
export function pauseInWords({ since, of, rate, mails }: ClassPause): string {
  return `since ${minuteTime(since)}: ${Number((rate * 100).toPrecision(2))} % ${of} of ${mails} mails`;
}
