import type { Construct } from 'constructs';
import { KeptKey } from './kept-key.ts';

/**
 * Number of letters and digits in the key. Decoded from base64, they are 33 bytes; the Standard Webhooks specification allows 24
 * to 64 bytes.
 */
const LENGTH = 44;

/**
 * Secret key that signs the events that are posted to an application. With it, the application checks that a post comes from
 * Mailover. CloudFormation generates it once.
 */
export class SigningKey extends KeptKey {
  constructor(scope: Construct, id: string) {
    // The application has a copy of the key. This copy must still be right after the stack was deleted and deployed again, so the
    // key is kept.
    super(scope, id, {
      description: 'Key of the signatures of posted events: {"key":"…"}, and "previousKey" during a rotation',
      reason: 'The application has a copy of the key: it is rotated by hand, with both keys for a while.',
      passwordLength: LENGTH,
    });
  }
}
