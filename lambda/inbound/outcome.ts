import type { InboundOutcome } from '../contract/metric-outcomes.ts';
import { type HttpAnswer, refusal } from '../webhook/answer.ts';

/** Returns the HTTP answer to the provider for an outcome. */
export function httpAnswer(outcome: InboundOutcome): HttpAnswer {
  switch (outcome) {
    case 'delivered':
    case 'duplicate':
    case 'canary':
      return { status: 200, text: 'received' };
    case 'unreadable':
      return { status: 200, text: 'stored, although this is no mail' };
    case 'misdirected':
      return { status: 422, text: 'this is a delivery event, and this address accepts received mail only' };
    default:
      return refusal(outcome);
  }
}
