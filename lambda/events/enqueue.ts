import type { DeadLetterEvent } from '../contract/dead-letter-event.ts';
import type { DeliveryEvent } from '../contract/event.ts';
import { inAscii } from '../platform/ascii-json.ts';
import { defined } from '../platform/defined.ts';
import type { Queue } from '../platform/queue.ts';

/**
 * Sends an event to the events queue. The message is in ASCII, which every queue server transports. Consumers may filter
 * events by the attributes of the message.
 */
export async function enqueueEvent(
  queue: Queue,
  queueUrl: string,
  event: DeliveryEvent | DeadLetterEvent,
): Promise<void> {
  const { type, provider, class: className } = event;
  await queue.send(queueUrl, inAscii(JSON.stringify(event)), {
    Type: type,
    ...defined({ Provider: provider || undefined, Class: className || undefined }),
  });
}
