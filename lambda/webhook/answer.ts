/** HTTP answer to a provider. `text` is the body. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Outcomes that are answered in the same way for received mail and for delivery events. */
export type RefusedOutcome = 'refused' | 'replayed' | 'unknown-path' | 'failed';

/**
 * Returns the answer to a request that is not accepted. The status is never 406, after which Mailgun stops retrying, and
 * never 403, after which Postmark stops retrying. A wrong key after a rotation, or a fault of Mailover, must not cause the
 * loss of mail or events.
 */
export function refusal(outcome: RefusedOutcome): HttpAnswer {
  switch (outcome) {
    case 'refused':
    case 'replayed':
      return { status: 401, text: 'not authenticated' };
    case 'unknown-path':
      return { status: 404, text: 'there is no webhook at this path' };
    case 'failed':
      return { status: 500, text: 'try again later' };
  }
}
