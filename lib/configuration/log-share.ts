import { ConfigurationError } from './configuration-error.ts';

/** @throws ConfigurationError if the share is not a number from 0 to 1 */
export function checkLogShare(share = 1): void {
  if (!(share >= 0 && share <= 1)) throw new ConfigurationError([`straightLogShare: ${share}; it must be from 0 to 1`]);
}
