import { ServiceError } from '../../platform/service-failure.ts';
import { fieldsOf, jsonOf } from '../event-fields.ts';
import type { MailStorage } from '../inbound.ts';
import { authorizationOf } from './api.ts';

/** Mailgun's storage of received mail. It contains mail that a route stored or that could not be posted. */
export const storage: MailStorage = {
  // Each storage cluster of Mailgun has its own host, such as storage-us-east4.api.mailgun.net (seen 2026-11-25).
  has: ({ protocol, hostname, port, username, password }) =>
    protocol === 'https:' &&
    port === '' &&
    username === '' &&
    password === '' &&
    /^([a-z0-9-]+\.)*mailgun\.(net|org)$/.test(hostname),

  // This time is between Mailgun's last two retries, which are 4 and 8 hours after the first request (receive-http, 2026-11-25).
  // At the last retry, a mail that is still missing counts as lost.
  appearsForMs: 7 * 3_600_000,

  credentials: (secret) => ({ authorization: authorizationOf(secret) }),

  /** The Messages API returns JSON with the mail in the field `body-mime` (store-retrieve, 2026-11-25). */
  mimeOf(body, contentType) {
    if (!/^application\/json\b/i.test(contentType.trim())) return body;
    const json = jsonOf(body);
    const { 'body-mime': mime } = 'value' in json ? fieldsOf(json.value) : {};
    if (typeof mime !== 'string') throw new ServiceError('the stored mail has no MIME form');
    return Buffer.from(mime, 'utf8');
  },
};
