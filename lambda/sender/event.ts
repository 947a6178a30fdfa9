import { createHash } from 'node:crypto';
import type { Message } from '../mail/message.ts';
import { inAscii } from '../platform/ascii-json.ts';
import type { Suppression } from '../submission/progress.ts';

/** The delivery event that reports a suppressed recipient to the producer; ASCII, which every queue server transports. */
export function suppressedEvent(message: Message, one: Suppression, now: number): string {
  const id = createHash('sha256')
    .update(`suppressed\0${message.id}\0${one.provider}\0${one.address}`)
    .digest('base64url');
  return inAscii(
    JSON.stringify({
      version: 1,
      id,
      provider: one.provider,
      providerEventId: id,
      type: 'suppressed',
      recipient: one.address,
      submissionId: message.id,
      attempt: one.attempt,
      ...(message.tag !== undefined && { tag: message.tag }),
      ...(Object.keys(message.metadata).length > 0 && { metadata: message.metadata }),
      at: new Date(now).toISOString(),
      reason: one.reason,
      ...(one.detail && { detail: one.detail }),
    }),
  );
}
