import type { SQSRecord } from 'aws-lambda';
import {
  asciiAttribute,
  CANARY_PREFIX,
  DEAD_LETTER_ATTRIBUTE,
  type DeadLetterReason,
  MAX_DEAD_LETTER_DETAIL,
  RETRY_ATTRIBUTE,
  SUBMISSION_ID,
} from '../contract/dead-letter.ts';
import { inAscii } from '../platform/ascii-json.ts';
import { defined } from '../platform/defined.ts';
import type { Attributes } from '../platform/proof.ts';
import { type AttemptLog, countOf, EMPTY_LOG, type StoredAttempt } from './log.ts';

/** Attributes of a message on a retry queue or the dead-letter queue, apart from its body. */
export interface QueueAttributes {
  readonly submissionId: string;
  /** When the submission was first received, in epoch milliseconds; reset by a redrive from the dead-letter queue. */
  readonly firstSeen: number;
  /** When the producer sent it; not reset by a redrive, so that a message too late for its class stays too late. */
  readonly born: number;
  /** Epoch milliseconds before which a retry is not due; absent on the outbound queue. */
  readonly notBefore?: number;
  /** Redriven from the dead-letter queue; dropped once the record has been reopened. */
  readonly redriven?: true;
  /** Claims to be redriven, without a valid proof. */
  readonly unproven?: true;
  /** Message of our own that tests the complete route. */
  readonly canary?: true;
  /** Key of the provider whose retry queue it was sent to. */
  readonly provider?: string;
  /** Worker that sent it as its last step with the submission; absent until a worker has claimed the submission. */
  readonly worker?: string;
  /**
   * Token that identifies this message in the record's lineage: the id of the worker that sent it if that worker's record
   * write is known to have succeeded, otherwise the token of the message it replaced. Absent if there is none yet.
   */
  readonly signature?: string;
  readonly log: AttemptLog;
  /** Number of invocations for it since `firstSeen`, including the current one. */
  readonly invocations: number;
}

/**
 * Longest history in attributes, in characters: the record has all of it; the copy serves while the table fails.
 */
const MAX_HISTORY = 6_000;

/** The string attributes of a queue message, whether or not they can be trusted. */
export function attributesOf({ messageAttributes }: SQSRecord): Attributes {
  return Object.fromEntries(Object.entries(messageAttributes).map(([name, { stringValue }]) => [name, stringValue]));
}

/**
 * Reads a queue message and its trusted attributes; a new submission has none, and its values come from the message
 * itself.
 *
 * @param fromDeadLetters - SQS had moved the message from a retry queue to the dead-letter queue, without a `Reason`, and
 * it was redriven
 */
export function readAttributes(
  { messageId, attributes }: SQSRecord,
  believed: Attributes,
  fromDeadLetters = false,
): QueueAttributes {
  const text = (name: string) => believed[name];
  const time = (name: string) => Date.parse(text(name) ?? '');
  const notBefore = time(RETRY_ATTRIBUTE.notBefore);
  const known = text(RETRY_ATTRIBUTE.submissionId) ?? '';
  const submissionId = SUBMISSION_ID.test(known) ? known : messageId;
  const done = (text(RETRY_ATTRIBUTE.done) ?? '').split(',').filter(Boolean).map(Number);
  const sent = Number(attributes.SentTimestamp);
  const seen = time(RETRY_ATTRIBUTE.firstSeen);
  const firstSeen = Number.isNaN(seen) ? sent : seen;
  const received = Number(attributes.ApproximateFirstReceiveTimestamp);
  const receives = Number(attributes.ApproximateReceiveCount);
  const life = parseLife(text(RETRY_ATTRIBUTE.life));
  // Everything is tried again, except for recipients who were served.
  if (fromDeadLetters || (Number.isNaN(notBefore) && text(DEAD_LETTER_ATTRIBUTE.reason)))
    return {
      submissionId,
      firstSeen: received,
      born: life.born ?? firstSeen,
      redriven: true,
      ...parseWorker(text(RETRY_ATTRIBUTE.worker)),
      log: { ...EMPTY_LOG, done },
      invocations: receives,
    };
  if (Number.isNaN(notBefore)) {
    const canary = known.startsWith(CANARY_PREFIX) && SUBMISSION_ID.test(known);
    return {
      submissionId: canary ? known : messageId,
      firstSeen: received,
      born: sent,
      ...(canary && { canary }),
      log: EMPTY_LOG,
      invocations: receives,
    };
  }
  const provider = text(RETRY_ATTRIBUTE.provider);
  return {
    submissionId,
    firstSeen,
    born: life.born ?? firstSeen,
    ...(life.mark && { [life.mark]: true }),
    notBefore,
    ...defined({ provider }),
    ...parseWorker(text(RETRY_ATTRIBUTE.worker)),
    log: { ...parseHistory(text(RETRY_ATTRIBUTE.history)), done },
    invocations: life.invocations + receives,
  };
}

/** Attributes of a message on a retry queue. */
export function retryAttributes(
  attributes: QueueAttributes,
  provider: string,
  notBefore: number,
): Record<string, string> {
  const { done } = attributes.log;
  const history = formatHistory(attributes.log);
  const worker = formatWorker(attributes);
  return {
    [RETRY_ATTRIBUTE.submissionId]: asciiAttribute(attributes.submissionId, 128),
    [RETRY_ATTRIBUTE.firstSeen]: new Date(attributes.firstSeen).toISOString(),
    [RETRY_ATTRIBUTE.notBefore]: new Date(notBefore).toISOString(),
    [RETRY_ATTRIBUTE.attempts]: String(countOf(attributes.log)),
    [RETRY_ATTRIBUTE.provider]: provider,
    [RETRY_ATTRIBUTE.life]: formatLife(attributes),
    ...defined({
      [RETRY_ATTRIBUTE.worker]: worker,
      [RETRY_ATTRIBUTE.done]: done.length > 0 ? done.join(',') : undefined,
      [RETRY_ATTRIBUTE.history]: history || undefined,
    }),
  };
}

/** Attributes of a message on the dead-letter queue. `Done` lists the recipients (by position) who were served. */
export function deadLetterAttributes(
  attributes: QueueAttributes,
  reason: DeadLetterReason,
  detail: string,
  lastProvider: string | undefined,
): Record<string, string> {
  return {
    [DEAD_LETTER_ATTRIBUTE.reason]: reason,
    [DEAD_LETTER_ATTRIBUTE.detail]: asciiAttribute(detail, MAX_DEAD_LETTER_DETAIL),
    [DEAD_LETTER_ATTRIBUTE.submissionId]: asciiAttribute(attributes.submissionId, 128),
    [DEAD_LETTER_ATTRIBUTE.attempts]: String(countOf(attributes.log)),
    [DEAD_LETTER_ATTRIBUTE.firstSeen]: new Date(attributes.born).toISOString(),
    ...defined({
      [DEAD_LETTER_ATTRIBUTE.lastProvider]: lastProvider || undefined,
      [RETRY_ATTRIBUTE.done]: attributes.log.done.length > 0 ? attributes.log.done.join(',') : undefined,
    }),
  };
}

/**
 * Marks of a redriven submission until the record has been reopened. They share the attribute `Life`, since SQS allows no
 * further attribute.
 */
const MARKS = ['redriven', 'unproven'] as const;

/**
 * The count of invocations, followed by the time when the producer sent the submission if that differs from `FirstSeen`
 * or a mark follows.
 */
function formatLife(attributes: QueueAttributes): string {
  const { invocations, born, firstSeen } = attributes;
  const mark = MARKS.find((one) => attributes[one]);
  if (born === firstSeen && mark === undefined) return String(invocations);
  return `${invocations} ${new Date(born).toISOString()}${mark === undefined ? '' : ` ${mark}`}`;
}

function parseLife(text = ''): {
  readonly invocations: number;
  readonly born?: number;
  readonly mark?: (typeof MARKS)[number];
} {
  const [count, time = '', word] = text.split(' ');
  const born = Date.parse(time);
  const mark = MARKS.find((one) => one === word);
  return { invocations: Number(count) || 0, ...defined({ born: Number.isNaN(born) ? undefined : born, mark }) };
}

/**
 * The worker and the token; the worker alone if there is no token: such messages are never taken for replaced.
 */
function formatWorker({ worker, signature }: QueueAttributes): string | undefined {
  return worker === undefined || signature === undefined ? worker : `${worker} ${signature}`;
}

function parseWorker(text: string | undefined): Pick<QueueAttributes, 'worker' | 'signature'> {
  const [worker, signature] = text?.split(' ') ?? [];
  return defined({ worker, signature });
}

/** The newest attempts that fit, without the providers' words. */
function formatHistory({ attempts }: AttemptLog): string {
  const texts: string[] = [];
  let left = MAX_HISTORY;
  for (const { status: _status, words: _words, ...one } of attempts.toReversed()) {
    const text = inAscii(JSON.stringify(one));
    left -= text.length + 1;
    if (left < 1) break;
    texts.unshift(text);
  }
  return texts.length === 0 ? '' : `[${texts.join()}]`;
}

/** A redrive that no attempt followed is not in it: the message is marked as redriven then. */
function parseHistory(text = '[]'): Pick<AttemptLog, 'attempts' | 'redrives'> {
  try {
    const attempts: readonly StoredAttempt[] = JSON.parse(text);
    return { attempts, redrives: Math.max(0, ...attempts.map(({ redrive = 0 }) => redrive)) };
  } catch {
    return EMPTY_LOG;
  }
}
