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

/** Facts about a submission that are in the attributes of its queue message. */
export interface QueueAttributes {
  readonly submissionId: string;
  /**
   * When the submission was first received, in epoch milliseconds. A redrive resets this time: an operator then moves the message
   * from the dead-letter queue back to the outbound queue.
   */
  readonly firstSeen: number;
  /**
   * When the producer sent the submission, in epoch milliseconds. A redrive does not reset this time: mail that is older than its
   * class of mail allows is not sent after a redrive either.
   */
  readonly born: number;
  /** Time at which the retry is due, in epoch milliseconds; absent on the outbound queue. */
  readonly notBefore?: number;
  /**
   * The message was redriven from the dead-letter queue. After the record of the submission was reopened, the next messages of
   * the submission do not have this mark.
   */
  readonly redriven?: true;
  /** The message has the attributes of a dead letter, but no valid proof (HMAC) that Mailover wrote these attributes. */
  readonly unproven?: true;
  /** The message is a test message (canary) that Mailover sends to itself through one provider. */
  readonly canary?: true;
  /** Key of the provider to whose retry queue the message was sent. */
  readonly provider?: string;
  /** Id of the worker that sent the message as its last step; absent until a worker has claimed the submission. */
  readonly worker?: string;
  /**
   * Token that identifies this message in the lineage of the record. If the worker that sent this message is known to have
   * written the record, the token is the id of this worker. Otherwise the token of the previous message of the submission is
   * kept, if there is one.
   */
  readonly signature?: string;
  readonly log: AttemptLog;
  /** How often messages of the submission were received since `firstSeen`, including the current receive. */
  readonly invocations: number;
}

/**
 * Longest text of the log of attempts in the message attributes, in characters. The record in the table contains more of the log.
 * The log in the attributes is needed only if the last worker could not write the record, or if the record was lost.
 */
const MAX_HISTORY = 6_000;

/** Returns the string attributes of a queue message. It is not checked whether they can be trusted. */
export function attributesOf({ messageAttributes }: SQSRecord): Attributes {
  return Object.fromEntries(Object.entries(messageAttributes).map(([name, { stringValue }]) => [name, stringValue]));
}

/**
 * Reads the attributes of a queue message. A new submission has no attributes yet. Its initial values are computed from the SQS
 * message: message id, times and number of receives.
 *
 * @param trusted - the attributes that Mailover itself has certainly set
 * @param fromDeadLetters - whether SQS itself had moved the message from a retry queue to the dead-letter queue, without the
 * attribute `Reason`, and an operator has then redriven the message
 */
export function readAttributes(
  { messageId, attributes }: SQSRecord,
  trusted: Attributes,
  fromDeadLetters = false,
): QueueAttributes {
  const time = (name: string) => Date.parse(trusted[name] ?? '');
  const notBefore = time(RETRY_ATTRIBUTE.notBefore);
  const known = trusted[RETRY_ATTRIBUTE.submissionId] ?? '';
  const submissionId = SUBMISSION_ID.test(known) ? known : messageId;
  const done = (trusted[RETRY_ATTRIBUTE.done] ?? '').split(',').filter(Boolean).map(Number);
  const sent = Number(attributes.SentTimestamp);
  const seen = time(RETRY_ATTRIBUTE.firstSeen);
  const firstSeen = Number.isNaN(seen) ? sent : seen;
  const received = Number(attributes.ApproximateFirstReceiveTimestamp);
  const receives = Number(attributes.ApproximateReceiveCount);
  const life = parseLife(trusted[RETRY_ATTRIBUTE.life]);
  const sender = parseWorker(trusted[RETRY_ATTRIBUTE.worker]);
  // After a redrive, the log of attempts contains only the list of recipients for which nothing is left to do.
  if (fromDeadLetters || (Number.isNaN(notBefore) && trusted[DEAD_LETTER_ATTRIBUTE.reason]))
    return {
      submissionId,
      firstSeen: received,
      born: life.born ?? firstSeen,
      redriven: true,
      ...sender,
      log: { ...EMPTY_LOG, done },
      invocations: receives,
    };
  if (Number.isNaN(notBefore)) {
    const canary = known.startsWith(CANARY_PREFIX) && SUBMISSION_ID.test(known);
    return {
      submissionId: canary ? known : messageId,
      firstSeen: received,
      born: sent,
      ...defined({ canary: canary || undefined }),
      log: EMPTY_LOG,
      invocations: receives,
    };
  }
  return {
    submissionId,
    firstSeen,
    born: life.born ?? firstSeen,
    ...(life.mark && { [life.mark]: true }),
    notBefore,
    ...defined({ provider: trusted[RETRY_ATTRIBUTE.provider] }),
    ...sender,
    log: { ...parseHistory(trusted[RETRY_ATTRIBUTE.history]), done },
    invocations: life.invocations + receives,
  };
}

/** Returns the attributes with which a message is sent to the retry queue of a provider. */
export function retryAttributes(
  attributes: QueueAttributes,
  provider: string,
  notBefore: number,
): Record<string, string> {
  const { done } = attributes.log;
  return {
    [RETRY_ATTRIBUTE.submissionId]: asciiAttribute(attributes.submissionId, 128),
    [RETRY_ATTRIBUTE.firstSeen]: new Date(attributes.firstSeen).toISOString(),
    [RETRY_ATTRIBUTE.notBefore]: new Date(notBefore).toISOString(),
    [RETRY_ATTRIBUTE.attempts]: String(countOf(attributes.log)),
    [RETRY_ATTRIBUTE.provider]: provider,
    [RETRY_ATTRIBUTE.life]: formatLife(attributes),
    ...defined({
      [RETRY_ATTRIBUTE.worker]: formatWorker(attributes),
      [RETRY_ATTRIBUTE.done]: done.join(',') || undefined,
      [RETRY_ATTRIBUTE.history]: formatHistory(attributes.log) || undefined,
    }),
  };
}

/**
 * Returns the attributes with which a message is sent to the dead-letter queue. The attribute `Done` contains the positions of
 * the recipients for which nothing is left to do.
 */
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
      [RETRY_ATTRIBUTE.done]: attributes.log.done.join(',') || undefined,
    }),
  };
}

/**
 * The possible marks of a redriven message. A message has a mark only until the record of its submission is reopened. The mark is
 * a part of the attribute `Life`, since SQS allows ten attributes and all ten are in use.
 */
const MARKS = ['redriven', 'unproven'] as const;

/**
 * Returns the text of the attribute `Life`: the number of receives, the time when the producer sent the submission, and the mark,
 * separated by spaces. The time is left out if it equals `FirstSeen` and no mark follows.
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
 * Returns the text of the attribute `Worker`: the worker's id and the message's token. If the message has no token, the text is
 * the worker's id alone. Such a message never counts as replaced by another message.
 */
function formatWorker({ worker, signature }: QueueAttributes): string | undefined {
  return worker === undefined || signature === undefined ? worker : `${worker} ${signature}`;
}

function parseWorker(text: string | undefined): Pick<QueueAttributes, 'worker' | 'signature'> {
  const [worker, signature] = text?.split(' ') ?? [];
  return defined({ worker, signature });
}

/** Returns the newest attempts that fit into the attribute, as JSON, without the status and the text of the providers' answers. */
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

/**
 * Reads the attempts, and computes the number of redrives from the attempts. If there was no attempt after the last redrive, the
 * attempts do not show this redrive. The mark `redriven` then shows it.
 */
function parseHistory(text = '[]'): Pick<AttemptLog, 'attempts' | 'redrives'> {
  try {
    const attempts: readonly StoredAttempt[] = JSON.parse(text);
    return { attempts, redrives: Math.max(0, ...attempts.map(({ redrive = 0 }) => redrive)) };
  } catch {
    return EMPTY_LOG;
  }
}
