import type { Construct } from 'constructs';
import { KeptKey } from './kept-key.ts';

/**
 * Secret key of the signatures (proofs) by which the sender recognises messages that Mailover itself wrote, such as a dead letter
 * that an operator redrives. CloudFormation generates the key at the first deployment.
 */
export class ProofKey extends KeptKey {
  constructor(scope: Construct, id: string) {
    // The key is kept when the stack is deleted, since the dead-letter queue is kept too, and the proofs of its messages can be
    // verified only with this key.
    super(scope, id, {
      description:
        'Key of the proofs on messages that Mailover puts on its queues: {"key":"…"}, and "previousKey" after a rotation',
      reason:
        'Messages are kept for 14 days, and the previous key must be accepted for that long: it is rotated by hand, as the runbook says.',
    });
  }
}
