import { createPublicKey, verify } from 'node:crypto';
import type { Refusal, WebhookRequest } from '../webhook.ts';

// Names of the headers of the signed Event Webhook (twilio.com/docs/sendgrid, getting-started-event-webhook-security-features,
// 2026-11-29).
const SIGNATURE = 'x-twilio-email-event-webhook-signature';
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp';

// Largest age of an accepted signature, in milliseconds. SendGrid retries for 24 hours, and does not document whether a retry has
// a new signature.
const MAX_AGE_MS = 26 * 3_600_000;
const MAX_AHEAD_MS = 15 * 60_000;

/**
 * Returns the reason why a signature (ECDSA with P-256, of timestamp and body) is invalid. Returns undefined if one of `keys`
 * verifies the signature, and its timestamp is at most 26 hours old and at most 15 minutes in the future. The keys are public
 * keys in base64, in the form in which SendGrid shows them.
 */
export function signatureProblem(
  { headers, body }: WebhookRequest,
  keys: readonly (string | undefined)[],
  now: number,
): Refusal['reason'] | undefined {
  const valid = keys.flatMap((key) => (key ? (keyOf(key) ?? []) : []));
  if (valid.length === 0) return 'no-key';
  const { [SIGNATURE]: signature, [TIMESTAMP]: timestamp } = headers;
  if (!signature || !timestamp) return 'missing';
  if (!/^\d{1,12}$/.test(timestamp) || !/^[A-Za-z0-9+/=]{1,200}$/.test(signature)) return 'wrong';
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  const matches = valid.map((key) => isSigned(signed, key, Buffer.from(signature, 'base64')));
  if (!matches.includes(true)) return 'wrong';
  const age = now - Number(timestamp) * 1000;
  if (age > MAX_AGE_MS) return 'stale';
  return age < -MAX_AHEAD_MS ? 'early' : undefined;
}

function keyOf(base64: string): ReturnType<typeof createPublicKey> | undefined {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function isSigned(signed: Buffer, key: ReturnType<typeof createPublicKey>, signature: Buffer): boolean {
  try {
    return verify('sha256', signed, key, signature);
  } catch {
    return false;
  }
}
