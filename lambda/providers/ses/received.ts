import type { AuthenticationResult } from '../../contract/inbound.ts';
import { parsePosted } from '../../contract/json-bounds.ts';
import type { PostedMail } from '../inbound.ts';

/** A mail that a receipt rule of SES wrote to a bucket. */
export interface ReceivedBySes {
  readonly mail: Omit<PostedMail, 'content'>;
  readonly object: { readonly bucket: string; readonly key: string };
}

interface Notification {
  readonly notificationType?: unknown;
  readonly mail?: { readonly timestamp?: unknown; readonly source?: unknown; readonly messageId?: unknown };
  readonly receipt?: Readonly<Record<string, unknown>> & {
    readonly recipients?: unknown;
    readonly action?: { readonly bucketName?: unknown; readonly objectKey?: unknown };
  };
}

/** Envelope in which a topic wraps a message for a subscription that is not raw. */
interface Envelope {
  readonly Type?: unknown;
  readonly Message?: unknown;
}

/**
 * Reads the notification of an S3 action (docs.aws.amazon.com/ses, receiving-email-notifications-contents, 2026-11-25);
 * undefined for anything else, such as the test that SES sends when a rule is created.
 */
export function readNotification(body: string): ReceivedBySes | undefined {
  let given: Notification;
  try {
    const posted = (parsePosted(body) ?? {}) as Notification & Envelope;
    given = posted.Type === 'Notification' ? ((parsePosted(String(posted.Message)) ?? {}) as Notification) : posted;
  } catch {
    return undefined;
  }
  const { notificationType, mail: { timestamp, source, messageId } = {}, receipt = {} } = given;
  const { recipients, action: { bucketName, objectKey } = {} } = receipt;
  if (notificationType !== 'Received' || typeof bucketName !== 'string' || typeof objectKey !== 'string')
    return undefined;
  const addresses = Array.isArray(recipients) ? recipients.filter((one): one is string => typeof one === 'string') : [];
  if (addresses.length === 0) return undefined;
  const sender = typeof source === 'string' ? source.trim().replace(/^<(.*)>$/, '$1') : undefined;
  const takenAt = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  const verdict = (name: string) => (receipt[name] as { status?: unknown } | undefined)?.status;
  const spam = verdict('spamVerdict');
  const virus = verdict('virusVerdict');
  const [spf, dkim, dmarc] = ['spfVerdict', 'dkimVerdict', 'dmarcVerdict'].map((name) => RESULT.get(verdict(name)));
  const failed = spam === 'FAIL' || virus === 'FAIL';
  return {
    mail: {
      recipients: addresses,
      ...(sender !== undefined && { sender: sender === '' ? null : sender }),
      ...(typeof messageId === 'string' && { providerMessageId: messageId, reception: messageId }),
      ...(!Number.isNaN(takenAt) && { takenAt }),
      verdicts: {
        ...((failed || spam === 'PASS') && { spam: { verdict: failed ? 'fail' : 'pass' } }),
        ...((spf || dkim || dmarc) && {
          authentication: { ...(spf && { spf }), ...(dkim && { dkim }), ...(dmarc && { dmarc }) },
        }),
      },
    },
    object: { bucket: bucketName, key: objectKey },
  };
}

/** GRAY: no definite result, for example without any signature. */
const RESULT: ReadonlyMap<unknown, AuthenticationResult> = new Map([
  ['PASS', 'pass'],
  ['FAIL', 'fail'],
  ['GRAY', 'neutral'],
  ['PROCESSING_FAILED', 'temperror'],
]);
