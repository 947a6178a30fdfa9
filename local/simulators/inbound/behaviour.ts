import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { eventsAnswer } from '../mailgun/received-events.ts';
import { storageAnswer } from '../mailgun/storage.ts';
import { inboundMessagesAnswer } from '../postmark/received-messages.ts';
import type { Receiving } from './receiving.ts';

/** Credentials and options of the API about received mail. */
export interface ReceivingAccess {
  readonly receiving: Receiving;
  /** Mailgun: a key that may read, since the sender's key may only send. Postmark: the server token. */
  readonly apiKey: string;
  readonly timeScale: number;
}

/** A provider's behaviour, extended by its API about received mail. */
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
    // The provider's other routes answer a wrong token.
    if (request.headers['x-postmark-server-token'] !== apiKey) return undefined;
    return inboundMessagesAnswer(request, receiving);
  }
  if (request.headers.authorization !== `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`) return undefined;
  return storageAnswer(request, receiving, timeScale) ?? eventsAnswer(request, receiving, timeScale);
}
