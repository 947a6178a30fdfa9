import { makeSecret } from '../../aws/secrets.ts';
import type { ReportingType } from '../type.ts';
import { signPost } from './webhook.ts';

/** Mailgun's event webhooks. Each post contains one event, and is signed in the same way as a post of received mail. */
export const reporting: ReportingType = {
  secret: (key) => ({ secret: makeSecret(key, ['signingKey', 'previousSigningKey']) }),
  route: ({ signingKey, previousSigningKey }) => ({ signingKey, previousSigningKey }),
  post: ([event], { signingKey = '' }, now) => ({
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ signature: signPost(signingKey, Math.floor(now / 1000)), 'event-data': event })),
  }),
  // Mailgun repeats failed posts of all events except `delivered` (documentation.mailgun.com,
  // user-manual/webhooks/webhook-retries, 2026-11-29).
  retries: ([event]) => ({
    minutes: event && 'event' in event && event.event === 'delivered' ? [] : [5, 10, 15, 60, 120, 240],
    stop: 406,
  }),
};
