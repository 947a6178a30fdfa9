import { makeSecret } from '../../aws/secrets.ts';
import { basicAuthorization } from '../basic-authorization.ts';
import type { ReportingType } from '../type.ts';

/** Postmark's event webhooks. They use basic authentication, and each post contains one event. */
export const reporting: ReportingType = {
  secret: (key) => ({ secret: makeSecret(key, ['eventsUsername', 'eventsPassword', 'previousEventsPassword']) }),
  route: ({ eventsUsername, eventsPassword, previousEventsPassword }) => ({
    username: eventsUsername,
    password: eventsPassword,
    previousPassword: previousEventsPassword,
  }),
  post: ([event], { username, password }) => ({
    contentType: 'application/json',
    headers: { authorization: basicAuthorization(username, password) },
    body: Buffer.from(JSON.stringify(event)),
  }),
  // postmarkapp.com/developer/webhooks/webhooks-overview, 2026-11-23. The page does not mention complaints. Here the shorter of its two
  // retry schedules is used for complaints.
  retries: ([event]) => ({
    minutes:
      event && 'RecordType' in event && event.RecordType === 'Bounce'
        ? [1, 5, 10, 10, 10, 15, 30, 60, 120, 360]
        : [1, 5, 15],
    stop: 403,
  }),
};
