import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { type Secret, UnusableSecret } from '../platform/secrets.ts';

/** A recipient, and the class of mail that it can unsubscribe from. */
export interface Subscription {
  readonly address: string;
  readonly class: string;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The token of a link to unsubscribe: recipient and class, encrypted and authenticated by a key that is derived from that of
 * the suppression list. No token can be made up, and a link in a log or a forwarded mail names no address.
 *
 * The same recipient and class give the same token: all attempts of a mail have the same headers.
 */
export function unsubscribeToken({ address, class: name }: Subscription, { key }: Secret): string {
  if (!key) throw new UnusableSecret('malformed');
  const { cipherKey, nonceKey } = keysOf(key);
  const plain = `${name}\0${address}`;
  // Derived from the plain text, so that no two texts share a nonce.
  const iv = createHmac('sha256', nonceKey).update(plain).digest().subarray(0, IV_BYTES);
  const cipher = createCipheriv(CIPHER, cipherKey, iv);
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Reads a token, also one that was made by the previous key; undefined if no key made it. */
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
      // Not by this key.
    }
  }
  return undefined;
}

function keysOf(secret: string): { readonly cipherKey: Buffer; readonly nonceKey: Buffer } {
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'mailover unsubscribe', 64));
  return { cipherKey: derived.subarray(0, 32), nonceKey: derived.subarray(32) };
}
