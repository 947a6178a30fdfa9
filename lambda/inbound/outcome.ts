import type { InboundOutcome } from '../contract/metric-outcomes.ts';
import { type HttpAnswer, refusal } from '../webhook/answer.ts';

/** Answer to the provider. */
export function httpAnswer(outcome: InboundOutcome): HttpAnswer {
  switch (outcome) {
    case 'delivered':
    case 'duplicate':
    case 'canary':
      return { status: 200, text: 'received' };
    case 'unreadable':
      return { status: 200, text: 'kept, but this is no mail' };
    case 'misdirected':
      return { status: 422, text: 'this is a delivery event, and this address takes received mail only' };
    default:
      return refusal(outcome);
  }
}
