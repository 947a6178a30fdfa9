import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { LETTER_ATTRIBUTE, PROVEN_ATTRIBUTES } from '../contract/dead-letter.ts';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';
import { type Secret, type Secrets, UnusableSecret } from './secrets.ts';
import { within } from './within.ts';

/** String attributes of a message, by name. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Tells the messages that Mailover itself put on a queue from those of everybody else who may send there. */
export interface Proofs {
  /** The attributes, with their proof beside them; without one while the key cannot be had, since no letter may wait for it. */
  prove(body: string, attributes: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  /** Whether Mailover wrote these attributes for this body. Throws if that cannot be told just now, or while the key is unusable. */
  holds(body: string, attributes: Attributes): Promise<boolean>;
}

/** A letter is on its way to its next home meanwhile, and the invocation has an end. */
const KEY_MS = 1_500;
/** Between two looks for a key that was rotated while the cached one is no older than five minutes. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Proofs by HMAC-SHA256 over the hash of the body and the attributes that the sender believes.
 *
 * The secret holds `key`, and `previousKey` while letters of the time before a rotation are on the dead-letter queue. Each time
 * that it is wanted and is missing, forbidden or malformed is counted.
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
        return { ...attributes, [LETTER_ATTRIBUTE.proof]: mac(key, body, attributes) };
      } catch {
        return attributes;
      }
    },
    async holds(body, attributes) {
      if (isProvenBy(await readKeys(), body, attributes)) return true;
      // Another worker may have read a newer key. Strangers can make no more than this one call in a while.
      if (clock.now() - lookedAt < LOOK_AGAIN_MS) return false;
      lookedAt = clock.now();
      return isProvenBy(await readKeys(true), body, attributes);
    },
  };
}

function isProvenBy(keys: readonly string[], body: string, attributes: Attributes): boolean {
  const given = Buffer.from(attributes[LETTER_ATTRIBUTE.proof] ?? '');
  const right = keys.map((key) => Buffer.from(mac(key, body, attributes)));
  return right.some((proof) => proof.length === given.length && timingSafeEqual(proof, given));
}

/** A secret without a key proves nothing, and must not make a letter of ours look like a stranger's. */
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
