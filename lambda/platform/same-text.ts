import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares a secret with a given text in constant time, whatever their lengths. */
export function isSameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
