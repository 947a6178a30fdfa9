import type { InboundMessage, InboundPointer } from '../contract/inbound.ts';
import { inAscii } from '../platform/ascii-json.ts';
import type { Clock } from '../platform/clock.ts';
import type { ObjectStore } from '../platform/object-store.ts';
import type { Queue } from '../platform/queue.ts';
import { ServiceError } from '../platform/service-failure.ts';

/**
 * SQS accepts messages of up to 1 MiB. 16 KiB stay free for attributes that may be added when a consumer moves the message
 * to its own dead-letter queue.
 */
const MAX_QUEUE_BYTES = 1_048_576 - 16_384;
const TRIES = 4;
const WAIT_MS = 100;

/**
 * Sends a message to the inbound queue. If the message is too large for the queue, stores it in the bucket and sends a pointer to
 * it. Throws if the time `until` has been reached, since the claim on the message may have expired: Lambda may have frozen this
 * process until then, and another process may have sent the same message.
 */
export async function enqueueReceived(
  message: InboundMessage,
  until: number,
  { queue, queueUrl, store, clock }: { queue: Queue; queueUrl: string; store: ObjectStore; clock: Clock },
): Promise<void> {
  const json = JSON.stringify(message);
  // The length is checked before non-ASCII characters are escaped, since escaping only makes the text longer: 40 MB of mail
  // would become 240 MB.
  const body = json.length <= MAX_QUEUE_BYTES ? inAscii(json) : json;
  if (body.length <= MAX_QUEUE_BYTES) await send(body);
  else await send(inAscii(JSON.stringify(await byPointer(message, json, store))));

  async function send(text: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (clock.now() >= until) throw new ServiceError('the claim on the message has expired');
      try {
        return await queue.send(queueUrl, text);
      } catch (error) {
        // A retry is safe only if the queue has refused the message; if the answer was lost, the queue may have the
        // message.
        if (attempt === TRIES || !notTaken(error)) throw error;
        await clock.sleep(WAIT_MS * 2 ** attempt);
      }
    }
  }
}

async function byPointer({ version, id }: InboundMessage, json: string, store: ObjectStore): Promise<InboundPointer> {
  return { version, id, s3: await store.put(`inbound/messages/${id}.json`, Buffer.from(json), 'application/json') };
}

/**
 * Names of errors by which SQS reports throttling with the HTTP status 400 or 403: `RequestThrottled` and `ThrottlingException`
 * for throttling by SQS itself, `KmsThrottled` for throttling by KMS when SQS calls it.
 */
const THROTTLED = /throttl|limitexceeded|toomanyrequests/i;

function notTaken(error: unknown): boolean {
  const { $metadata, code, name } = error as { $metadata?: { httpStatusCode?: number }; code?: string; name?: string };
  const status = $metadata?.httpStatusCode ?? 0;
  if (status >= 400 && status < 500) return status === 429 || THROTTLED.test(name ?? '');
  return status === 503 || code === 'ECONNREFUSED';
}
