import type { SQSRecord } from 'aws-lambda';
import { asciiAttribute, type DeadLetterReason } from '../contract/dead-letter.ts';
import { type Carried, NOTHING_CARRIED, type Vote } from './progress.ts';

/** What travels beside the body through retry queues, and into the dead-letter queue. */
export interface Letter {
  readonly submissionId: string;
  /** When the submission was first received, in epoch milliseconds. */
  readonly firstSeen: number;
  /** Epoch milliseconds before which a retry is not due; absent on the outbound queue. */
  readonly notBefore?: number;
  readonly carried: Carried;
}

/** Reads the attributes of a record; on the outbound queue they are absent and the record itself tells. */
export function readLetter({ messageId, attributes, messageAttributes }: SQSRecord): Letter {
  const text = (name: string) => messageAttributes[name]?.stringValue;
  const time = (name: string) => Date.parse(text(name) ?? '');
  const notBefore = time('NotBefore');
  // Only our own retries carry NotBefore: a producer's attributes of the same names mean nothing.
  if (Number.isNaN(notBefore))
    return { submissionId: messageId, firstSeen: Number(attributes.SentTimestamp), carried: NOTHING_CARRIED };
  const firstSeen = time('FirstSeen');
  return {
    submissionId: text('SubmissionId') ?? messageId,
    firstSeen: Number.isNaN(firstSeen) ? Number(attributes.SentTimestamp) : firstSeen,
    notBefore,
    carried: {
      attempts: Number(text('Attempts')) || 0,
      done: (text('Done') ?? '').split(',').filter(Boolean).map(Number),
      history: parseHistory(text('History')),
    },
  };
}

/** Attributes of a message on a retry queue. */
export function retryAttributes(letter: Letter, provider: string, notBefore: number): Record<string, string> {
  const { attempts, done, history } = letter.carried;
  return {
    SubmissionId: asciiAttribute(letter.submissionId, 128),
    FirstSeen: new Date(letter.firstSeen).toISOString(),
    NotBefore: new Date(notBefore).toISOString(),
    Attempts: String(attempts),
    Provider: provider,
    ...(done.length > 0 && { Done: done.join(',') }),
    ...(history.length > 0 && { History: JSON.stringify(history) }),
  };
}

/** Attributes of a message on the dead-letter queue. `Done` lists the recipients (by place) who have it already. */
export function deadLetterAttributes(
  letter: Letter,
  reason: DeadLetterReason,
  detail: string,
  lastProvider: string | undefined,
): Record<string, string> {
  return {
    Reason: reason,
    Detail: asciiAttribute(detail, 1_024),
    SubmissionId: asciiAttribute(letter.submissionId, 128),
    Attempts: String(letter.carried.attempts),
    FirstSeen: new Date(letter.firstSeen).toISOString(),
    ...(lastProvider && { LastProvider: lastProvider }),
    ...(letter.carried.done.length > 0 && { Done: letter.carried.done.join(',') }),
  };
}

function parseHistory(text: string | undefined): readonly Vote[] {
  try {
    const votes: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(votes) ? votes : [];
  } catch {
    return [];
  }
}
