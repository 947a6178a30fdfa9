import type { Construct } from 'constructs';
import { KeptKey } from './kept-key.ts';

/**
 * Secret key of the suppression list. The key of each entry is a hash (HMAC) of the address with this secret key. The tokens in
 * the links to unsubscribe are encrypted with a key that is derived from it. CloudFormation generates the secret key once.
 */
export class SuppressionKey extends KeptKey {
  constructor(scope: Construct, id: string) {
    // The suppression list is kept when the stack is deleted, and cannot be used without this key.
    super(scope, id, {
      description: 'Key of the suppression list: {"key":"…"}, and "previousKey" after a rotation',
      reason: 'Entries of the previous key are found only while it is kept beside the new one: it is rotated by hand.',
    });
  }
}
