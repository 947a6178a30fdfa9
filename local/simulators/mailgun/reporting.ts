import { makeSecret } from '../../aws/secrets.ts';
import type { ReportingType } from '../type.ts';
import { signPost } from './webhook.ts';

/** Mailgun's event webhooks: signed with the key of received mail, one event a post. */
export const reporting: ReportingType = {
  secret: (key) => ({ secret: makeSecret(key, ['signingKey', 'previousSigningKey']) }),
  route: ({ signingKey, previousSigningKey }) => ({ signingKey, previousSigningKey }),
  post: ([event], { signingKey = '' }, now) => ({
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ signature: signPost(signingKey, Math.floor(now / 1000)), 'event-data': event })),
  }),
  // documentation.mailgun.com, user-manual/webhooks/webhook-retries, 2026-11-29: all but delivery notifications.
  retries: ([event]) => ({
    minutes: event && 'event' in event && event.event === 'delivered' ? [] : [5, 10, 15, 60, 120, 240],
    stop: 406,
  }),
};
