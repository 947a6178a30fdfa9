import type { SQSRecord } from 'aws-lambda';
import { DEAD_LETTER_ATTRIBUTE, PROOF_ATTRIBUTE, RETRY_ATTRIBUTE } from '../contract/dead-letter.ts';
import { defined } from '../platform/defined.ts';
import { errorName } from '../platform/error-name.ts';
import type { Queue } from '../platform/queue.ts';
import { CallTimeoutError } from '../platform/with-timeout.ts';
import { vendorsOf } from '../providers/vendor.ts';
import { backoff, MIN_DELAY_MS, SOON_MS } from '../submission/backoff.ts';
import { LedgerError } from '../submission/ledger.ts';
import { attributesOf, type QueueAttributes, readAttributes } from '../submission/retry-attributes.ts';
import { Tallies } from '../tally/tallies.ts';
import { AnswerTimes } from './answer-times.ts';
import { claimMessage, isReturned, MissedReleases, MOST_CRASHES } from './crashes.ts';
import { Destinations } from './destinations.ts';
import { endCrashed } from './end-crashed.ts';
import { isHeavy } from './intake.ts';
import { processMessage } from './pipeline.ts';
import { reportOwnTrouble } from './telemetry.ts';
import { NewerVersionError } from './unusable.ts';
import { InFlightError, isLastReceive, MessageKeptError, type SenderContext, type WorkContext } from './work.ts';

/**
 * Processes one queue message. The promise resolves when the message may be deleted, because it was sent to its next queue or needs no
 * further processing. The promise rejects when the message must stay on its queue.
 */
export type MessageProcessor = (record: SQSRecord, remainingMs: () => number) => Promise<void>;

export function createSender(given: SenderContext): MessageProcessor {
  const { table, clock, random, environment } = given;
  const tallies = new Tallies({ table, clock, random, speed: environment, vendorOf: vendorsOf(environment.providers) });
  const answerTimes = new AnswerTimes(clock);
  const context: WorkContext = { ...given, tallies, answerTimes, missed: new MissedReleases() };
  let heavy: Promise<unknown> = Promise.resolve();
  return (record, remainingMs) => {
    if (!isHeavy(record.body)) return countingCrashes(record, remainingMs, context);
    const turn = heavy.then(() => countingCrashes(record, remainingMs, context));
    heavy = turn.catch(() => undefined);
    return turn;
  };
}

/**
 * Processes a message, and counts how often the sender has crashed on this message. After {@link MOST_CRASHES} crashes in a row,
 * the message is sent to the dead-letter queue.
 */
async function countingCrashes(record: SQSRecord, remainingMs: () => number, given: WorkContext): Promise<void> {
  const context = { ...given, queue: untilAnswered(given.queue, remainingMs, given) };
  void context.missed.write();
  const claimed = await claimMessage(record, remainingMs(), context);
  if (claimed === 'over') return;
  if (claimed === 'claimed-elsewhere') throw new InFlightError('another worker has claimed this message');
  const attributes = await trustedAttributes(record, context).catch(async (error: unknown) => {
    await claimed.release(false);
    throw error;
  });
  const destinations = new Destinations(record, attributes, context);
  if (claimed.crashes >= MOST_CRASHES) {
    const detail = `${claimed.crashes} processes of the sender crashed while they processed this message; their log says where`;
    await endCrashed(record, destinations, detail, context);
    return claimed.end();
  }
  try {
    await processOrKeep(record, destinations, remainingMs, context);
  } catch (error) {
    const crashed = !(
      error instanceof MessageKeptError ||
      error instanceof CallTimeoutError ||
      error instanceof LedgerError
    );
    await claimed.release(crashed);
    if (!crashed || claimed.crashes + 1 < MOST_CRASHES) throw error;
    const detail = `the sender failed on this message ${claimed.crashes + 1} times, last with ${errorName(error)}`;
    await endCrashed(record, destinations, detail, context);
    return claimed.end();
  }
  if (isReturned(record)) await claimed.release(false);
}

/**
 * Processes a message. After a LedgerError (the state table or other needed data cannot be read), the message is sent to a retry
 * queue. After any other error, the message stays on its queue. When SQS delivers the message for the last time, a message that
 * stays on its queue would be moved to the dead-letter queue without a reason. Therefore, at its last delivery, the message is
 * sent to the dead-letter queue with a reason or, if another worker has claimed the submission, to a retry queue. The only
 * exception is a message for a newer release of Mailover.
 */
async function processOrKeep(
  record: SQSRecord,
  destinations: Destinations,
  remainingMs: () => number,
  context: WorkContext,
): Promise<void> {
  const { environment, random, log } = context;
  try {
    await processMessage(record, destinations, remainingMs, context);
  } catch (error) {
    if (error instanceof LedgerError) {
      reportOwnTrouble(context, 'table');
      log.warn('ledger not reachable', { queueMessageId: record.messageId, error: errorName(error.cause) });
      // The first waits are short, since the table usually answers again after a few seconds, and the providers may be working.
      const waitMs = backoff(destinations.since(destinations.attributes.firstSeen), random(), SOON_MS);
      return destinations.retryAt(destinations.timeAfter(waitMs));
    }
    if (!isLastReceive(record, environment) || error instanceof NewerVersionError) throw error;
    // The submission itself has not failed, since another worker has claimed it. Only this copy of its queue message has reached
    // the maximum receive count.
    if (error instanceof InFlightError) return destinations.retryAt(destinations.timeAfter(MIN_DELAY_MS));
    const failed = `the sender failed ${environment.maxReceiveCount} times, last with ${errorName(error)}`;
    await destinations.deadLetter(destinations.problem ?? { reason: 'Crashed', detail: failed });
  }
}

/**
 * Reads the attributes of a message. Producers can send messages with forged attributes to the outbound queue. Therefore the
 * attributes of a message on this queue are used only if they have a valid proof, which is an HMAC of Mailover. A message that an
 * operator has moved from the dead-letter queue back to the outbound queue (a redrive) usually has such a proof. No proof is
 * needed on the retry queues, since only Mailover may send to them.
 */
async function trustedAttributes(record: SQSRecord, { environment, proofs }: SenderContext): Promise<QueueAttributes> {
  const given = attributesOf(record);
  if (record.eventSourceARN !== environment.outboundQueueArn) return readAttributes(record, given);
  const claims = given[DEAD_LETTER_ATTRIBUTE.reason] !== undefined;
  // Only messages for a retry queue get the attribute `NotBefore`. The outbound queue contains a message with this attribute only
  // if SQS itself had moved the message from a retry queue to the dead-letter queue, and an operator then redrove it.
  const fromRetries = given[RETRY_ATTRIBUTE.notBefore] !== undefined;
  if (given[PROOF_ATTRIBUTE.proof] !== undefined && (await proofs.holds(record.body, given)))
    return readAttributes(record, given, fromRetries);
  return { ...readAttributes(record, {}), ...defined({ unproven: claims || undefined }) };
}

/**
 * Returns a queue that sends nothing after the end of the present invocation. When an invocation ends, Lambda freezes its
 * unfinished work. This work continues during the next invocation of the process. At that time SQS may have delivered the message
 * to another worker. Therefore the unfinished work must not send the message to a queue. If a send fails, the failure is counted
 * in the metrics, and a MessageKeptError is thrown.
 */
function untilAnswered(queue: Queue, remainingMs: () => number, context: Pick<SenderContext, 'metrics'>): Queue {
  return {
    send: async (...message) => {
      if (remainingMs() <= 0) throw new CallTimeoutError('the invocation is over');
      try {
        await queue.send(...message);
      } catch (error) {
        reportOwnTrouble(context, 'queues');
        throw Object.assign(new MessageKeptError(messageOf(error), { cause: error }), { name: errorName(error) });
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
