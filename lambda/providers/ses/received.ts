import type { AuthenticationResult } from '../../contract/inbound.ts';
import { parsePosted } from '../../contract/json-bounds.ts';
import { defined } from '../../platform/defined.ts';
import type { WrittenMail } from '../inbound.ts';

interface Notification {
  readonly notificationType?: unknown;
  readonly mail?: { readonly timestamp?: unknown; readonly source?: unknown; readonly messageId?: unknown };
  readonly receipt?: Readonly<Record<string, unknown>> & {
    readonly recipients?: unknown;
    readonly action?: { readonly bucketName?: unknown; readonly objectKey?: unknown };
  };
}

/** JSON in which SNS wraps a message for a subscription without raw message delivery. */
interface Envelope {
  readonly Type?: unknown;
  readonly Message?: unknown;
}

/**
 * Whether a message without a mail is a test message of SES, which SES sends for a new receipt rule. Any text that is not JSON
 * counts as a test message, for example `Successfully validated SNS topic for Amazon SES event publishing.`
 */
function isTest(body: string): boolean {
  return !/^\s*[{[]/.test(body) || /AMAZON_SES_SETUP_NOTIFICATION/.test(body);
}

/**
 * Reads the notification that the S3 action of a receipt rule sends (docs.aws.amazon.com/ses,
 * receiving-email-notifications-contents, 2026-11-25).
 */
export function readNotification(body: string): WrittenMail | 'test' | 'unreadable' {
  return mailIn(body) ?? (isTest(body) ? 'test' : 'unreadable');
}

function mailIn(body: string): WrittenMail | undefined {
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
  const providerMessageId = typeof messageId === 'string' ? messageId : undefined;
  const takenAt = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  const verdict = (name: string) => (receipt[name] as { status?: unknown } | undefined)?.status;
  const spam = verdict('spamVerdict');
  const virus = verdict('virusVerdict');
  const [spf, dkim, dmarc] = ['spfVerdict', 'dkimVerdict', 'dmarcVerdict'].map((name) => RESULT.get(verdict(name)));
  const filtered: 'fail' | 'pass' | undefined =
    spam === 'FAIL' || virus === 'FAIL' ? 'fail' : spam === 'PASS' ? 'pass' : undefined;
  return {
    mail: {
      recipients: addresses,
      ...defined({
        sender: sender === '' ? null : sender,
        providerMessageId,
        reception: providerMessageId,
        takenAt: Number.isNaN(takenAt) ? undefined : takenAt,
      }),
      verdicts: defined({
        spam: filtered && { verdict: filtered },
        authentication: spf || dkim || dmarc ? defined({ spf, dkim, dmarc }) : undefined,
      }),
    },
    object: { bucket: bucketName, key: objectKey },
  };
}

/**
 * Results of authentication, by SES's verdict. GRAY means that there is no definite result, for example for a mail without a
 * signature.
 */
const RESULT: ReadonlyMap<unknown, AuthenticationResult> = new Map([
  ['PASS', 'pass'],
  ['FAIL', 'fail'],
  ['GRAY', 'neutral'],
  ['PROCESSING_FAILED', 'temperror'],
]);
