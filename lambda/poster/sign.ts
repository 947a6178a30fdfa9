import { createHmac } from 'node:crypto';
import { type Secret, UnusableSecret } from '../platform/secrets.ts';

/** Headers by which the receiver verifies that a post comes from this deployment. */
export type SignedHeaders = Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>>;

/**
 * Signs a body by the Standard Webhooks specification, version 1.0.0 (github.com/standard-webhooks/standard-webhooks,
 * spec/standard-webhooks.md, 2026-11-29): HMAC-SHA-256 of id, time and body. The receiver's secret consists of `whsec_` and
 * the field `key`, which is in base64. During a rotation, the field `previousKey` gives a second signature.
 *
 * @param at epoch milliseconds
 */
export function sign(id: string, at: number, body: string, { key, previousKey }: Secret): SignedHeaders {
  if (!key) throw new UnusableSecret('malformed');
  const timestamp = String(Math.floor(at / 1_000));
  const signed = [key, ...(previousKey ? [previousKey] : [])].map((one) => {
    const secret = Buffer.from(one.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signed.join(' ') };
}
