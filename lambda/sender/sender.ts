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

/** Processes a message and counts the crashes while doing so. Dead-letters the message after {@link MOST_CRASHES} crashes in a row. */
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
 * Processes a message. If the processing fails, the message waits on its queue or on a retry queue, or is dead-lettered when SQS delivers it
 * for the last time.
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
      // The first waits are short, since the table usually answers again soon, and the providers may be available.
      const waitMs = backoff(destinations.since(destinations.attributes.firstSeen), random(), SOON_MS);
      return destinations.retryAt(destinations.timeAfter(waitMs));
    }
    if (!isLastReceive(record, environment) || error instanceof NewerVersionError) throw error;
    // Another worker has claimed the submission. Only this copy of its message has reached the maximum receive count.
    if (error instanceof InFlightError) return destinations.retryAt(destinations.timeAfter(MIN_DELAY_MS));
    const failed = `the sender failed ${environment.maxReceiveCount} times, last with ${errorName(error)}`;
    await destinations.deadLetter(destinations.problem ?? { reason: 'Crashed', detail: failed });
  }
}

/**
 * Reads the attributes of a message. On the outbound queue, producers could send messages with forged attributes. Therefore the
 * attributes of a message on this queue are used only if they have a valid proof (signature). A message that an operator has
 * redriven from the dead-letter queue has such a proof. Only Mailover may send messages to the retry queues.
 */
async function trustedAttributes(record: SQSRecord, { environment, proofs }: SenderContext): Promise<QueueAttributes> {
  const given = attributesOf(record);
  if (record.eventSourceARN !== environment.outboundQueueArn) return readAttributes(record, given);
  const claims = given[DEAD_LETTER_ATTRIBUTE.reason] !== undefined;
  // This attribute is set only on retry queues. A message with this attribute is on the outbound queue only if SQS moved it from a retry
  // queue to the dead-letter queue, and it was then redriven.
  const fromRetries = given[RETRY_ATTRIBUTE.notBefore] !== undefined;
  if (given[PROOF_ATTRIBUTE.proof] !== undefined && (await proofs.holds(record.body, given)))
    return readAttributes(record, given, fromRetries);
  return { ...readAttributes(record, {}), ...defined({ unproven: claims || undefined }) };
}

/**
 * Returns a queue that sends nothing after the end of the present invocation. Lambda freezes unfinished work, which then continues during the
 * next invocation of the process. By then SQS may have made the message visible again, so the unfinished work must not send the message a
 * second time.
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
