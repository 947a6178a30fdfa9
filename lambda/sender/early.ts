import type { SQSRecord } from 'aws-lambda';
import { MAX_DELAY_MS } from '../submission/backoff.ts';
import type { Destinations } from './destinations.ts';
import type { SenderContext } from './work.ts';

/**
 * Whether a retry must wait longer, since the time of its `NotBefore` has not been reached. False if a provider has recovered
 * since the message was sent to its queue.
 */
export async function isEarly(
  record: SQSRecord,
  { attributes }: Destinations,
  { clock, gate, environment }: SenderContext,
): Promise<boolean> {
  const { notBefore } = attributes;
  const sent = Number(record.attributes.SentTimestamp);
  if (notBefore === undefined || notBefore - clock.now() <= EARLY_MS) return false;
  // On a local stack, the time for waits can run faster than the clock (`timeScale`). Here this speed was changed after the
  // message was sent. The local queue has then changed the wait to the new speed, but `NotBefore` is unchanged, so the retry is
  // due.
  if (sent < (environment.timeScaleSince ?? 0)) return false;
  // `NotBefore` is further in the future than the longest wait, so a wrong clock set it. The queue applied the intended delay, so the
  // retry is due.
  if (notBefore - sent > MAX_DELAY_MS / (environment.timeScale ?? 1) + SKEW_MS) return false;
  return !(await gate.recoveredSince(sent));
}

/** A retry may be processed this number of milliseconds too early, since clocks and the delays of queues are not exact. */
const EARLY_MS = 1_000;

/** Largest difference between the clocks of two machines that is tolerated, in milliseconds. */
const SKEW_MS = 60_000;
