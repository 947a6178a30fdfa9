import type { SQSRecord } from 'aws-lambda';
import { DEAD_LETTER_ATTRIBUTE, PROOF_ATTRIBUTE } from '../contract/dead-letter.ts';
import { errorName } from '../platform/error-name.ts';
import type { Objects, RenewableObjects } from '../platform/object-store.ts';
import type { Queue } from '../platform/queue.ts';
import { TimeUpError, within } from '../platform/within.ts';
import { vendorsOf } from '../providers/vendor.ts';
import { backoff, MAX_DELAY_MS, MIN_DELAY_MS, SOON_MS } from '../submission/backoff.ts';
import { LedgerError } from '../submission/ledger.ts';
import { attributesOf, type QueueAttributes, readAttributes } from '../submission/retry-attributes.ts';
import { STALE, timeLeft } from '../submission/settle.ts';
import { Tallies } from '../tally/tallies.ts';
import { claimMessage, isReturned, MissedReleases, MOST_CRASHES } from './crashes.ts';
import { SETTLE_MS } from './deliver.ts';
import { Destinations } from './destinations.ts';
import { endCrashed } from './end-crashed.ts';
import { type Intake, intake, isHeavy } from './intake.ts';
import { isLateCopy } from './late.ts';
import { send } from './send.ts';
import { reportOwnTrouble } from './telemetry.ts';
import { InFlightError, MessageKeptError, type SenderContext, type WorkContext } from './work.ts';

/**
 * Processes one queue message. Resolves when the message was sent to its next queue, or has ended, and may be deleted;
 * rejects when it must stay on its queue.
 */
export type MessageProcessor = (record: SQSRecord, remainingMs: () => number) => Promise<void>;

export function createSender(given: SenderContext): MessageProcessor {
  const { table, clock, random, environment } = given;
  const tallies = new Tallies({ table, clock, random, speed: environment, vendorOf: vendorsOf(environment.providers) });
  const context: WorkContext = { ...given, tallies, missed: new MissedReleases() };
  let heavy: Promise<unknown> = Promise.resolve();
  return (record, remainingMs) => {
    if (!isHeavy(record.body)) return handle(record, remainingMs, context);
    const turn = heavy.then(() => handle(record, remainingMs, context));
    heavy = turn.catch(() => undefined);
    return turn;
  };
}

async function handle(record: SQSRecord, remainingMs: () => number, given: WorkContext): Promise<void> {
  const context = { ...given, queue: untilAnswered(given.queue, remainingMs, given) };
  void context.missed.write();
  const hold = await claimMessage(record, remainingMs(), context);
  if (hold === 'claimed-elsewhere') throw new InFlightError('another worker has claimed this message');
  const attributes = await trustedAttributes(record, context).catch(async (error: unknown) => {
    await hold.release(false);
    throw error;
  });
  const destinations = new Destinations(record, attributes, context);
  if (hold.crashes >= MOST_CRASHES) {
    const detail = `${hold.crashes} processes of the sender crashed while they processed this message; their log says where`;
    return await endCrashed(record, destinations, detail, context);
  }
  try {
    await takeOn(record, destinations, remainingMs, context);
  } catch (error) {
    const crashed = !(
      error instanceof MessageKeptError ||
      error instanceof TimeUpError ||
      error instanceof LedgerError
    );
    await hold.release(crashed);
    if (!crashed || hold.crashes + 1 < MOST_CRASHES) throw error;
    const detail = `the sender failed on this message ${hold.crashes + 1} times, last with ${errorName(error)}`;
    return await endCrashed(record, destinations, detail, context);
  }
  if (isReturned(record)) await hold.release(false);
}

/** Reads the submission and sends it on; rejects if the message has to stay on its queue. */
async function takeOn(
  record: SQSRecord,
  destinations: Destinations,
  remainingMs: () => number,
  context: WorkContext,
): Promise<void> {
  const { environment, clock, random, log } = context;
  const objects = destinations.attributes.redriven ? renewed(context.objects) : context.objects;
  const isLastReceive = Number(record.attributes.ApproximateReceiveCount) >= environment.maxReceiveCount;
  try {
    if (await isEarly(record, destinations, context))
      return await destinations.requeueAt(destinations.attributes.notBefore as number);
    // A canary tests its provider, whatever the route of its class.
    const chooses = destinations.attributes.canary ? { providers: environment.providers } : environment;
    const arrived = await within(
      remainingMs() - SETTLE_MS,
      intake(record.body, destinations.attributes.submissionId, objects, chooses, clock.now()),
      clock,
    ).catch((error: unknown): Intake => {
      if (error instanceof TimeUpError) return { kind: 'trouble', error };
      throw error;
    });
    if (arrived.kind !== 'ready') {
      if (await isLateCopy(arrived, record, destinations, context)) return;
      return await setAside(arrived, destinations, isLastReceive, context);
    }
    const isNew =
      destinations.attributes.notBefore === undefined && Number(record.attributes.ApproximateReceiveCount) <= 1;
    if (isNew && !destinations.attributes.canary) await context.tallies.countSubmission();
    await send({ record, arrived, destinations, remainingMs, context });
  } catch (error) {
    if (error instanceof LedgerError) {
      reportOwnTrouble(context, 'table');
      log.warn('ledger not reachable', { queueMessageId: record.messageId, error: errorName(error.cause) });
      // The providers may be available, and the table usually answers again soon.
      return destinations.retryAfter(backoff(destinations.since(destinations.attributes.firstSeen), random(), SOON_MS));
    }
    if (!isLastReceive || error instanceof NewerVersionError) throw error;
    // Another worker holds the submission; only this duplicate reached its receive limit.
    if (error instanceof InFlightError) return destinations.retryAfter(MIN_DELAY_MS);
    const failed = `the sender failed ${environment.maxReceiveCount} times, last with ${errorName(error)}`;
    await destinations.deadLetter(destinations.problem ?? { reason: 'Crashed', detail: failed });
  }
}

/**
 * Reads the attributes of a message. On the outbound queue producers can write the same attributes, so they are used only
 * with a valid proof, as after a redrive from the dead-letter queue. Only Mailover may send to retry queues.
 */
async function trustedAttributes(record: SQSRecord, { environment, proofs }: SenderContext): Promise<QueueAttributes> {
  const given = attributesOf(record);
  if (record.eventSourceARN !== environment.outboundQueueArn) return readAttributes(record, given);
  const claims = given[DEAD_LETTER_ATTRIBUTE.reason] !== undefined;
  if (given[PROOF_ATTRIBUTE.proof] !== undefined && (await proofs.holds(record.body, given)))
    return readAttributes(record, given);
  return { ...readAttributes(record, {}), ...(claims && { unproven: true }) };
}

/** Whether a retry must wait longer; false once a provider has recovered since the message was sent to the queue. */
async function isEarly(
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

/**
 * A queue that sends nothing after the end of its invocation: unfinished work continues in the next invocation of the
 * process, when SQS has made its message visible again, and must not change anything then.
 */
function untilAnswered(queue: Queue, remainingMs: () => number, context: Pick<SenderContext, 'metrics'>): Queue {
  return {
    send: async (...message) => {
      if (remainingMs() <= 0) throw new TimeUpError('the invocation is over');
      try {
        await queue.send(...message);
      } catch (error) {
        reportOwnTrouble(context, 'queues');
        throw Object.assign(new MessageKeptError(messageOf(error), { cause: error }), { name: errorName(error) });
      }
    },
  };
}

/** Objects for a redriven message: their lifetime is extended before they are read, since it may be nearly over. */
function renewed(objects: RenewableObjects): Objects {
  return {
    read: async (reference, maxBytes) => {
      await objects.renew(reference);
      return objects.read(reference, maxBytes);
    },
  };
}

/** A retry that is this much early is sent nevertheless, since clocks and queues are not exact. */
const EARLY_MS = 1_000;

/** Allowed difference between clocks, in milliseconds. */
const SKEW_MS = 60_000;

/** The body has a version that this release does not know; it stays on its queue for a newer deployment. */
class NewerVersionError extends MessageKeptError {
  override readonly name = 'NewerVersionError';
}

async function setAside(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  destinations: Destinations,
  isLastReceive: boolean,
  context: SenderContext,
): Promise<void> {
  const { log, random } = context;
  if ('id' in arrived && arrived.id !== undefined)
    destinations.attributes = { ...destinations.attributes, submissionId: arrived.id };
  switch (arrived.kind) {
    case 'problem':
      return destinations.deadLetter(arrived.problem);
    case 'future':
      if (!isLastReceive && !destinations.isStale)
        throw new NewerVersionError(`version ${arrived.version} is newer than this release`);
      return destinations.deadLetter({
        reason: 'Malformed',
        detail: `version: ${arrived.version}, which no deployed release could read; it must be 1`,
      });
    case 'trouble': {
      reportOwnTrouble(context, 'objects');
      log.warn('object not readable', {
        submissionId: destinations.attributes.submissionId.includes('@')
          ? undefined
          : destinations.attributes.submissionId,
        error: errorName(arrived.error),
      });
      const ageMs = destinations.since(destinations.attributes.firstSeen);
      if (destinations.isStale) return destinations.deadLetter(STALE);
      // A redriven message stays on the outbound queue: on a retry queue it would lose the mark of the redrive, and the
      // lifetime of its objects would not be extended.
      if (destinations.attributes.redriven)
        throw new MessageKeptError(`object not readable: ${errorName(arrived.error)}`);
      if (timeLeft(ageMs, undefined) <= 0)
        return destinations.deadLetter({ reason: 'Exhausted', detail: 'an object could not be read for four days' });
      return destinations.retryAfter(backoff(ageMs, random(), SOON_MS));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
