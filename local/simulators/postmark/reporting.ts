import { makeSecret } from '../../aws/secrets.ts';
import { basicAuthorization } from '../basic-authorization.ts';
import type { ReportingType } from '../type.ts';

/** Postmark's event webhooks. They use basic authentication. Each post contains one event. */
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
  // Source: postmarkapp.com/developer/webhooks/webhooks-overview, 2026-11-23. The page has two retry schedules and does not
  // mention complaints. The shorter schedule is used for complaints here.
  retries: ([event]) => ({
    minutes:
      event && 'RecordType' in event && event.RecordType === 'Bounce'
        ? [1, 5, 10, 10, 10, 15, 30, 60, 120, 360]
        : [1, 5, 15],
    stop: 403,
  }),
};
