import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { type Secret, UnusableSecret } from '../platform/secrets.ts';

/** A recipient, and the class of mail from which the recipient can unsubscribe. */
export interface Subscription {
  readonly address: string;
  readonly class: string;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes the token of an unsubscribe link. The token contains the recipient and the class of mail, encrypted and authenticated.
 * The encryption key is derived from the key of the suppression list. Tokens cannot be forged, and a link in a log or a forwarded
 * mail reveals no address.
 *
 * The same recipient and class give the same token, so a mail has the same headers in all attempts to send it.
 */
export function unsubscribeToken({ address, class: name }: Subscription, { key }: Secret): string {
  if (!key) throw new UnusableSecret('malformed');
  const { cipherKey, nonceKey } = keysOf(key);
  const plain = `${name}\0${address}`;
  // The nonce is derived from the plain text, so that no two texts share a nonce.
  const iv = createHmac('sha256', nonceKey).update(plain).digest().subarray(0, IV_BYTES);
  const cipher = createCipheriv(CIPHER, cipherKey, iv);
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Reads a token that was made with the current or the previous key; undefined for any other token. */
export function readUnsubscribeToken(token: string, { key, previousKey }: Secret): Subscription | undefined {
  if (!key) throw new UnusableSecret('malformed');
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
  for (const secret of [key, ...(previousKey ? [previousKey] : [])]) {
    const decipher = createDecipheriv(CIPHER, keysOf(secret).cipherKey, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      const [name = '', address = ''] = plain.toString().split('\0');
      return { address, class: name };
    } catch {
      // The token was not made with this key.
    }
  }
  return undefined;
}

function keysOf(secret: string): { readonly cipherKey: Buffer; readonly nonceKey: Buffer } {
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'mailover unsubscribe', 64));
  return { cipherKey: derived.subarray(0, 32), nonceKey: derived.subarray(32) };
}
