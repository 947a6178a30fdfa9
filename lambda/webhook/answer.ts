/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Outcomes that are answered in the same way for received mail and for delivery events. */
export type RefusedOutcome = 'refused' | 'replayed' | 'unknown-path' | 'failed';

/**
 * Answer to a request that is not taken. Never 406 to Mailgun or 403 to Postmark, which end their retries: a wrong key after
 * a rotation, or a fault of ours, must not lose anything.
 */
export function refusal(outcome: RefusedOutcome): HttpAnswer {
  switch (outcome) {
    case 'refused':
    case 'replayed':
      return { status: 401, text: 'not authenticated' };
    case 'unknown-path':
      return { status: 404, text: 'nothing receives here' };
    case 'failed':
      return { status: 500, text: 'try again later' };
  }
}
