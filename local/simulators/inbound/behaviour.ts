import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { eventsAnswer } from '../mailgun/received-events.ts';
import { storageAnswer } from '../mailgun/storage.ts';
import { inboundMessagesAnswer } from '../postmark/received-messages.ts';
import type { Receiving } from './receiving.ts';

/** Whom the API about received mail lets in. */
export interface ReceivingAccess {
  readonly receiving: Receiving;
  /** Mailgun: a key that may read; the sender's own may only send. Postmark: the server token. */
  readonly apiKey: string;
  readonly timeScale: number;
}

/** A provider's behaviour, with what it tells of received mail in front of it. */
export function withReceiving(behaviour: HttpBehaviour, access: ReceivingAccess): HttpBehaviour {
  const isAboutInbound = access.receiving.type === 'mailgun' ? /\/domains\/[^/]+\/messages\// : /^\/messages\/inbound/;
  return {
    ...behaviour,
    occasionOf: (method, path) => (isAboutInbound.test(path) ? 'lookup' : behaviour.occasionOf(method, path)),
    answer: async (request) => own(request, access) ?? (await behaviour.answer(request)),
  };
}

function own(
  request: SimulatorRequest,
  { receiving, apiKey, timeScale }: ReceivingAccess,
): SimulatorAnswer | undefined {
  if (receiving.type === 'postmark') {
    // A wrong token is answered by the rest of the provider, in the same words.
    if (request.headers['x-postmark-server-token'] !== apiKey) return undefined;
    return inboundMessagesAnswer(request, receiving);
  }
  if (request.headers.authorization !== `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`) return undefined;
  return storageAnswer(request, receiving, timeScale) ?? eventsAnswer(request, receiving, timeScale);
}
