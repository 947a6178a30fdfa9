import { makeSecret } from '../../aws/secrets.ts';
import type { ReportingType } from '../type.ts';

/** Mailgun's event webhooks: signed with the key of received mail. */
export const reporting: ReportingType = {
  secret: (key) => ({ secret: makeSecret(key, ['signingKey', 'previousSigningKey']) }),
  route: ({ signingKey, previousSigningKey }) => ({ signingKey, previousSigningKey }),
};
