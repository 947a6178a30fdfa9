import type { Construct } from 'constructs';
import { KeptKey } from './kept-key.ts';

/**
 * Secret key of the suppression list. The list stores each address as a hash with this key. CloudFormation generates it once.
 */
export class SuppressionKey extends KeptKey {
  constructor(scope: Construct, id: string) {
    // The suppression list is also kept when the stack is deleted, and it cannot be used without its key.
    super(scope, id, {
      description: 'Key of the suppression list: {"key":"…"}, and "previousKey" after a rotation',
      reason: 'Entries of the previous key are found only while it is kept beside the new one: it is rotated by hand.',
    });
  }
}
