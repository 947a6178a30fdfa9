import type { Construct } from 'constructs';
import { KeptKey } from './kept-key.ts';

/**
 * Number of letters and digits in the key. The key is decoded from base64 to 33 bytes; the Standard Webhooks specification allows
 * 24 to 64 bytes.
 */
const LENGTH = 44;

/**
 * Secret key that signs the events that are posted to an application. With a copy of the key, the application checks that a post
 * comes from Mailover. CloudFormation generates the key once.
 */
export class SigningKey extends KeptKey {
  constructor(scope: Construct, id: string) {
    // The application has a copy of the key. Like the other generated keys, the key is kept when the stack is deleted.
    super(scope, id, {
      description: 'Key of the signatures of posted events: {"key":"…"}, and "previousKey" during a rotation',
      reason: 'The application has a copy of the key: it is rotated by hand, with both keys for a while.',
      passwordLength: LENGTH,
    });
  }
}
