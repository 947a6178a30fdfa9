import type { InboundOutcome } from '../contract/metrics.ts';

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Answer to the provider. Never 406 to Mailgun or 403 to Postmark, which end their retries: a wrong key after a rotation,
 * or a fault of ours, must not lose mail.
 */
export function httpAnswer(outcome: InboundOutcome): HttpAnswer {
  switch (outcome) {
    case 'delivered':
    case 'duplicate':
    case 'canary':
      return { status: 200, text: 'received' };
    case 'unreadable':
      return { status: 200, text: 'kept, but this is no mail' };
    case 'refused':
    case 'replayed':
      return { status: 401, text: 'not authenticated' };
    case 'unknown-path':
      return { status: 404, text: 'nothing receives here' };
    case 'misdirected':
      return { status: 422, text: 'this is a delivery event, and this address takes received mail only' };
    case 'failed':
      return { status: 500, text: 'try again later' };
  }
}
