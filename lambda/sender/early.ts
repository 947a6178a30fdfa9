import type { SQSRecord } from 'aws-lambda';
import { MAX_DELAY_MS } from '../submission/backoff.ts';
import type { Destinations } from './destinations.ts';
import type { SenderContext } from './work.ts';

/** Whether a retry must wait longer; false once a provider has recovered since the message was sent to the queue. */
export async function isEarly(
  record: SQSRecord,
  { attributes }: Destinations,
  { clock, gate, environment }: SenderContext,
): Promise<boolean> {
  const { notBefore } = attributes;
  const sent = Number(record.attributes.SentTimestamp);
  if (notBefore === undefined || notBefore - clock.now() <= EARLY_MS) return false;
  // The time scale was raised since the message was sent: the queue has shortened the wait, but `NotBefore` is
  // unchanged.
  if (sent < (environment.timeScaleSince ?? 0)) return false;
  // No wait is this long: the clock that set it was wrong, but the queue has kept the intended delay.
  if (notBefore - sent > MAX_DELAY_MS / (environment.timeScale ?? 1) + SKEW_MS) return false;
  return !(await gate.recoveredSince(sent));
}

/** A retry that is this much early is sent nevertheless, since clocks and queues are not exact. */
const EARLY_MS = 1_000;

/** Allowed difference between clocks, in milliseconds. */
const SKEW_MS = 60_000;
