import { createHmac } from 'node:crypto';
import { type Secrets, UnusableSecret } from '../platform/secrets.ts';

/**
 * Returns the keyed hashes of an address. The first hash is made with the current key; during a rotation of the key, there
 * is also a hash that is made with the previous key.
 */
export type AddressHashes = (address: string) => Promise<readonly [string, ...string[]]>;

/**
 * Creates the function that hashes addresses with the key of the suppression list. Without a key, a reader of the table could
 * hash known addresses, and compare these hashes with the stored hashes.
 *
 * The secret contains the field `key`, and after a rotation also the field `previousKey`.
 */
export function addressHashes(secrets: Secrets, secretName: string): AddressHashes {
  return async (address) => {
    const { key, previousKey } = await secrets.read(secretName);
    if (!key) throw new UnusableSecret('malformed');
    return [hashOf(address, key), ...(previousKey ? [hashOf(address, previousKey)] : [])];
  };
}

/**
 * Returns the keyed hash of an address. Letter case is ignored: in practice it distinguishes no mailboxes, and providers may
 * change it.
 */
function hashOf(address: string, key: string): string {
  return createHmac('sha256', key).update(address.trim().toLowerCase()).digest('base64url');
}
