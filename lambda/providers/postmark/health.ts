import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { type Watched, watchWire } from '../wire.ts';
import { classify } from './classify.ts';

/** The part of the SDK that reads the data of a Postmark server and of its message streams. */
export interface PostmarkHealthSource {
  getServer(): Promise<unknown>;
  getMessageStream(id: string): Promise<unknown>;
}

/**
 * Asks Postmark for the data of the Postmark server to which the token belongs, and for the data of the message stream, in
 * parallel.
 *
 * Facts, read 2026-11-25: a Postmark server either delivers mail (`Live`) or discards it (`Sandbox`), and this type cannot be
 * changed (developer/api/server-api). A stream can be archived, and then accepts no mail (developer/api/message-streams-api).
 * Only answers to calls that send mail show that an account may not send (ErrorCodes 405, 412 and 413). This check cannot detect
 * this state, but a canary mail can.
 */
export async function health(client: PostmarkHealthSource, stream: string, limits: HealthLimits): Promise<Health> {
  const [server, messageStream] = await Promise.all([
    watchWire(limits, () => client.getServer()),
    watchWire(limits, () => client.getMessageStream(stream)),
  ]);
  if (!isGood(server)) return healthOf(classify(server));
  const { DeliveryType } = fieldsOf(server);
  if (typeof DeliveryType !== 'string') return { state: 'unreachable', reason: 'unreadable-answer' };
  if (DeliveryType === 'Sandbox') return { state: 'account-refused', reason: 'sandbox' };
  const { ArchivedAt, MessageStreamType } = fieldsOf(messageStream);
  if (ArchivedAt) return { state: 'account-refused', reason: 'message-stream', detail: 'the stream is archived' };
  if (MessageStreamType === 'Inbound')
    return { state: 'account-refused', reason: 'message-stream', detail: 'the stream only receives' };
  if (!isGood(messageStream)) {
    // The answer about the server is enough for the state `healthy`. However, either of the two answers may show that the account
    // is refused.
    const ofStream = healthOf(classify(messageStream));
    if (ofStream.state === 'account-refused') return ofStream;
  }
  return { state: 'healthy' };
}

/** Whether the call got a complete answer with a 2xx status. */
export function isGood({ trace }: Watched<unknown>): boolean {
  return trace.status !== undefined && trace.status >= 200 && trace.status < 300 && trace.complete;
}

function fieldsOf({ result }: Watched<unknown>): Readonly<Record<string, unknown>> {
  return Object(result);
}
