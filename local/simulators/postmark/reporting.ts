import { makeSecret } from '../../aws/secrets.ts';
import type { ReportingType } from '../type.ts';

/** Postmark's event webhooks: basic authentication. */
export const reporting: ReportingType = {
  secret: (key) => ({ secret: makeSecret(key, ['eventsUsername', 'eventsPassword', 'previousEventsPassword']) }),
  route: ({ eventsUsername, eventsPassword, previousEventsPassword }) => ({
    username: eventsUsername,
    password: eventsPassword,
    previousPassword: previousEventsPassword,
  }),
};
