import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { PROOF_ATTRIBUTE, PROVEN_ATTRIBUTES } from '../contract/dead-letter.ts';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';
import { type Secret, type Secrets, UnusableSecret } from './secrets.ts';
import { withTimeout } from './with-timeout.ts';

/** String attributes of an SQS message, by name. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Creates and checks proofs of origin. Such a proof is an HMAC. It shows that Mailover itself, and no other sender, put a message on a queue. */
export interface Proofs {
  /**
   * Returns the attributes together with their proof. If the key of the HMAC cannot be read from its secret within 1.5 seconds,
   * returns the attributes without a proof, since a message must not wait for the key.
   */
  prove(body: string, attributes: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  /**
   * Whether the proof shows that Mailover wrote these attributes for this body. Throws if the key of the HMAC cannot be read, or
   * is unusable.
   */
  holds(body: string, attributes: Attributes): Promise<boolean>;
}

/**
 * Longest wait for the key of the HMAC, in milliseconds. It is short: while the sender waits, the message is not on its next
 * queue yet, and the Lambda invocation has a time limit.
 */
const KEY_MS = 1_500;
/**
 * Shortest time, in milliseconds, between two reads of the key that bypass the cache because a proof did not fit the cached key.
 */
const LOOK_AGAIN_MS = 30_000;

/**
 * Creates and checks proofs that Mailover itself wrote a queue message. A proof is an HMAC-SHA256. It is computed from the hash of the body and
 * from the attributes that the sender trusts.
 *
 * The secret contains the field `key`. After a rotation it also contains `previousKey`, as long as the dead-letter queue contains
 * messages with proofs of the previous key. The metric `ProofKeyUnusable` counts each use of the secret while the secret is
 * missing, forbidden or malformed.
 */
export function queueProofs(secretName: string, secrets: Secrets, clock: Clock, metrics: Pick<Metrics, 'add'>): Proofs {
  let lookedAt = Number.NEGATIVE_INFINITY;
  const readKeys = async (fresh = false): Promise<readonly [string, ...string[]]> => {
    try {
      return keysOf(await secrets.read(secretName, fresh));
    } catch (error) {
      if (error instanceof UnusableSecret) metrics.add('ProofKeyUnusable', 1);
      throw error;
    }
  };
  return {
    async prove(body, attributes) {
      try {
        const [key] = await withTimeout(KEY_MS, readKeys(), clock);
        return { ...attributes, [PROOF_ATTRIBUTE.proof]: mac(key, body, attributes) };
      } catch {
        return attributes;
      }
    },
    async holds(body, attributes) {
      if (isProvenBy(await readKeys(), body, attributes)) return true;
      // The proof does not fit the cached key. The key is read again, since another process may have used a newer key. Messages with wrong
      // proofs can cause at most one such read in `LOOK_AGAIN_MS`.
      if (clock.now() - lookedAt < LOOK_AGAIN_MS) return false;
      lookedAt = clock.now();
      return isProvenBy(await readKeys(true), body, attributes);
    },
  };
}

function isProvenBy(keys: readonly string[], body: string, attributes: Attributes): boolean {
  const given = Buffer.from(attributes[PROOF_ATTRIBUTE.proof] ?? '');
  const right = keys.map((key) => Buffer.from(mac(key, body, attributes)));
  return right.some((proof) => proof.length === given.length && timingSafeEqual(proof, given));
}

/** Returns the keys in the secret. Throws if the secret has no key: otherwise Mailover's own messages would be treated as forged. */
function keysOf({ key, previousKey }: Secret): [string, ...string[]] {
  if (!key) throw new UnusableSecret('malformed');
  return previousKey ? [key, previousKey] : [key];
}

function mac(key: string, body: string, attributes: Attributes): string {
  const text = JSON.stringify([
    createHash('sha256').update(body).digest('base64url'),
    ...PROVEN_ATTRIBUTES.map((name) => attributes[name] ?? null),
  ]);
  return createHmac('sha256', key).update(text).digest('base64url');
}
