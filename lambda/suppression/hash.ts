import { createHmac } from 'node:crypto';
import { type Secrets, UnusableSecret } from '../platform/secrets.ts';

/** Hashes of an address: by the present key first, and during a rotation also by the previous key. */
export type AddressHashes = (address: string) => Promise<readonly [string, ...string[]]>;

/**
 * Hashes of addresses by the key of the suppression list: a plain hash of an address can be guessed.
 *
 * The secret has `key`, and `previousKey` after a rotation.
 */
export function addressHashes(secrets: Secrets, secretName: string): AddressHashes {
  return async (address) => {
    const { key, previousKey } = await secrets.read(secretName);
    if (!key) throw new UnusableSecret('malformed');
    return [hashOf(address, key), ...(previousKey ? [hashOf(address, previousKey)] : [])];
  };
}

/** Keyed hash of an address; upper and lower case are one mailbox in practice, and providers report either. */
function hashOf(address: string, key: string): string {
  return createHmac('sha256', key).update(address.trim().toLowerCase()).digest('base64url');
}
