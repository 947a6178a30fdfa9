import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a given text equals a secret. The time of the comparison does not depend on how many characters are equal, even if the
 * lengths differ.
 */
export function isSameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
