import { parsePosted } from '../../contract/json-bounds.ts';
import { ServiceError } from '../../platform/service-failure.ts';
import type { MailStorage } from '../inbound.ts';

/** Mailgun's storage of mail that a route stores, in place of posting it. */
export const storage: MailStorage = {
  // One host for each of the storage clusters, such as storage-us-east4.api.mailgun.net (seen 2026-11-25).
  has: ({ protocol, hostname, port, username, password }) =>
    protocol === 'https:' &&
    port === '' &&
    username === '' &&
    password === '' &&
    /^([a-z0-9-]+\.)*mailgun\.(net|org)$/.test(hostname),

  // Mailgun's last retry is 8 hours after the first request, the previous one 4 hours (receive-http, 2026-11-25).
  appearsForMs: 7 * 3_600_000,

  credentials: ({ apiKey = '' }) => ({ authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}` }),

  /** The Messages API wraps the mail in JSON, field `body-mime` (store-retrieve, 2026-11-25). */
  mimeOf(body, contentType) {
    if (!/^application\/json\b/i.test(contentType.trim())) return body;
    let parsed: unknown;
    try {
      parsed = parsePosted(body);
    } catch {
      // The error of a parser would quote the mail.
    }
    const { 'body-mime': mime } = Object(parsed) as { 'body-mime'?: unknown };
    if (typeof mime !== 'string') throw new ServiceError('the stored mail has no MIME form');
    return Buffer.from(mime, 'utf8');
  },
};
