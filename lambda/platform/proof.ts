import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { PROOF_ATTRIBUTE, PROVEN_ATTRIBUTES } from '../contract/dead-letter.ts';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';
import { type Secret, type Secrets, UnusableSecret } from './secrets.ts';
import { within } from './within.ts';

/** String attributes of a message, by name. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Proofs of origin: distinguish messages that Mailover put on a queue from those of other senders. */
export interface Proofs {
  /**
   * The attributes with their proof; without a proof if the key cannot be read in time, since no message may wait for it.
   */
  prove(body: string, attributes: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  /** Whether Mailover wrote these attributes for this body. Throws if the key cannot be read now, or is unusable. */
  holds(body: string, attributes: Attributes): Promise<boolean>;
}

/** Longest wait for the key: the message is between two queues meanwhile, and the invocation has a time limit. */
const KEY_MS = 1_500;
/** Least time between two reads of the key after a failed check; the cached key is at most five minutes old. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Proofs by HMAC-SHA256 over the hash of the body and the attributes that the sender trusts.
 *
 * The secret holds `key`, and `previousKey` while dead letters from before a rotation are on their queue. A metric counts
 * each use of the secret while it is missing, forbidden or malformed.
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
        const [key] = await within(KEY_MS, readKeys(), clock);
        return { ...attributes, [PROOF_ATTRIBUTE.proof]: mac(key, body, attributes) };
      } catch {
        return attributes;
      }
    },
    async holds(body, attributes) {
      if (isProvenBy(await readKeys(), body, attributes)) return true;
      // The key is read again, since another worker may have used a newer one. Messages with wrong proofs can cause at
      // most one such read in the time above.
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

/** A secret without a key proves nothing, and must not make our own message look forged. */
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
