import type { SQSRecord } from 'aws-lambda';
import {
  asciiAttribute,
  CANARY_PREFIX,
  DEAD_LETTER_ATTRIBUTE,
  type DeadLetterReason,
  RETRY_ATTRIBUTE,
  SUBMISSION_ID,
} from '../contract/dead-letter.ts';
import { inAscii } from '../platform/ascii-json.ts';
import type { Attributes } from '../platform/proof.ts';
import { MAX_DEAD_LETTER_DETAIL } from '../sender/last-words.ts';
import { type Carried, NOTHING_CARRIED, type Vote } from './carried.ts';

/** What travels beside the body through retry queues, and into the dead-letter queue. */
export interface QueueAttributes {
  readonly submissionId: string;
  /** When the submission was first received, in epoch milliseconds; a redrive from the dead-letter queue begins anew. */
  readonly firstSeen: number;
  /** When the producer sent it; a redrive changes nothing: what a class calls too late stays too late. */
  readonly born: number;
  /** Epoch milliseconds before which a retry is not due; absent on the outbound queue. */
  readonly notBefore?: number;
  /** From the dead-letter queue, to be tried again; dropped once the ledger has opened the submission again. */
  readonly redriven?: true;
  /** It claims to be that, and nothing proves it. */
  readonly unproven?: true;
  /** Mail of our own that proves a way. */
  readonly canary?: true;
  /** Key of the provider whose retry queue it was sent to. */
  readonly provider?: string;
  /** Who wrote it, as the last thing that it did with the submission; absent in what the release 0.1 wrote. */
  readonly worker?: string;
  /**
   * By what the ledger knows it: its worker if that one certainly wrote there, else what came before it was known by.
   * Absent where nothing was signed yet.
   */
  readonly signature?: string;
  readonly carried: Carried;
  /** How often the sender has been invoked with it since `firstSeen`, this time included. */
  readonly invocations: number;
}

/** The ledger has the whole history; what travels for older releases and failing tables is bounded. */
const MAX_HISTORY = 6_000;

/** The string attributes of a record, whoever set them. */
export function attributesOf({ messageAttributes }: SQSRecord): Attributes {
  return Object.fromEntries(Object.entries(messageAttributes).map(([name, { stringValue }]) => [name, stringValue]));
}

/** Reads a record and those of its attributes that count; of a new submission none does, and the record itself tells. */
export function readAttributes({ messageId, attributes }: SQSRecord, believed: Attributes): QueueAttributes {
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
  if (Number.isNaN(notBefore)) {
    // Redriven from the dead-letter queue: everything is tried anew, but nobody is served twice.
    if (text(DEAD_LETTER_ATTRIBUTE.reason))
      return {
        submissionId,
        firstSeen: received,
        born: firstSeen,
        redriven: true,
        carried: { ...NOTHING_CARRIED, done },
        invocations: receives,
      };
    const canary = known.startsWith(CANARY_PREFIX) && SUBMISSION_ID.test(known);
    return {
      submissionId: canary ? known : messageId,
      firstSeen: received,
      born: sent,
      ...(canary && { canary }),
      carried: NOTHING_CARRIED,
      invocations: receives,
    };
  }
  const life = parseLife(text(RETRY_ATTRIBUTE.life));
  const provider = text(RETRY_ATTRIBUTE.provider);
  return {
    submissionId,
    firstSeen,
    born: life.born ?? firstSeen,
    ...(life.mark && { [life.mark]: true }),
    notBefore,
    ...(provider !== undefined && { provider }),
    ...parseWorker(text(RETRY_ATTRIBUTE.worker)),
    carried: {
      attempts: Number(text(RETRY_ATTRIBUTE.attempts)) || 0,
      done,
      history: parseHistory(text(RETRY_ATTRIBUTE.history)),
    },
    invocations: life.invocations + receives,
  };
}

/** Attributes of a message on a retry queue. */
export function retryAttributes(letter: QueueAttributes, provider: string, notBefore: number): Record<string, string> {
  const { attempts, done } = letter.carried;
  const history = inAscii(JSON.stringify(letter.carried.history));
  const worker = formatWorker(letter);
  return {
    [RETRY_ATTRIBUTE.submissionId]: asciiAttribute(letter.submissionId, 128),
    [RETRY_ATTRIBUTE.firstSeen]: new Date(letter.firstSeen).toISOString(),
    [RETRY_ATTRIBUTE.notBefore]: new Date(notBefore).toISOString(),
    [RETRY_ATTRIBUTE.attempts]: String(attempts),
    [RETRY_ATTRIBUTE.provider]: provider,
    [RETRY_ATTRIBUTE.life]: formatLife(letter),
    ...(worker !== undefined && { [RETRY_ATTRIBUTE.worker]: worker }),
    ...(done.length > 0 && { [RETRY_ATTRIBUTE.done]: done.join(',') }),
    ...(history.length > 2 && history.length <= MAX_HISTORY && { [RETRY_ATTRIBUTE.history]: history }),
  };
}

/** Attributes of a message on the dead-letter queue. `Done` lists the recipients (by place) who have it already. */
export function deadLetterAttributes(
  letter: QueueAttributes,
  reason: DeadLetterReason,
  detail: string,
  lastProvider: string | undefined,
): Record<string, string> {
  return {
    [DEAD_LETTER_ATTRIBUTE.reason]: reason,
    [DEAD_LETTER_ATTRIBUTE.detail]: asciiAttribute(detail, MAX_DEAD_LETTER_DETAIL),
    [DEAD_LETTER_ATTRIBUTE.submissionId]: asciiAttribute(letter.submissionId, 128),
    [DEAD_LETTER_ATTRIBUTE.attempts]: String(letter.carried.attempts),
    [DEAD_LETTER_ATTRIBUTE.firstSeen]: new Date(letter.born).toISOString(),
    ...(lastProvider && { [DEAD_LETTER_ATTRIBUTE.lastProvider]: lastProvider }),
    ...(letter.carried.done.length > 0 && { [RETRY_ATTRIBUTE.done]: letter.carried.done.join(',') }),
  };
}

/** Until the ledger has opened a redriven submission again, a word says so: SQS has no room for one attribute more. */
const MARKS = ['redriven', 'unproven'] as const;

/** The count of invocations, and when the producer sent the submission where that is not `FirstSeen` or a mark follows. */
function formatLife(letter: QueueAttributes): string {
  const { invocations, born, firstSeen } = letter;
  const mark = MARKS.find((one) => letter[one]);
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
  return { invocations: Number(count) || 0, ...(!Number.isNaN(born) && { born }), ...(mark && { mark }) };
}

/** One word where nothing is signed: so write workers of a release that kept no lineage, and their letters always count. */
function formatWorker({ worker, signature }: QueueAttributes): string | undefined {
  return worker === undefined || signature === undefined ? worker : `${worker} ${signature}`;
}

function parseWorker(text: string | undefined): Pick<QueueAttributes, 'worker' | 'signature'> {
  const [worker, signature] = text?.split(' ') ?? [];
  return { ...(worker !== undefined && { worker }), ...(signature !== undefined && { signature }) };
}

function parseHistory(text: string | undefined): readonly Vote[] {
  try {
    const votes: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(votes) ? votes : [];
  } catch {
    return [];
  }
}
