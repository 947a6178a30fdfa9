import { randomUUID } from 'node:crypto';
import type { PostingType } from '../inbound/posting.ts';
import { basicAuthorization } from './authorization.ts';
import { inboundMessagesAnswer } from './received-messages.ts';
import { postmarkBody } from './webhook.ts';

/** Postmark's inbound webhook; `raw` as with the setting of a server that adds the raw mail. */
export const posting: PostingType = {
  forms: ['json', 'raw'],
  // "Understanding inbound webhook retries" (2025-11-04): ten retries in ten and a half hours. Collected 2026-11-23.
  retries: { minutes: [1, 5, 10, 10, 10, 15, 30, 60, 120, 360], stop: 403 },
  newId: randomUUID,
  messagePath: (id) => `/messages/inbound/${id}/details`,
  route: (path, { inboundUsername, inboundPassword, previousInboundPassword }) => ({
    path,
    username: inboundUsername,
    password: inboundPassword,
    previousPassword: previousInboundPassword,
  }),
  post({ id, mail, options }, { path = '', username, password, previousPassword }) {
    return {
      path,
      headers: { authorization: basicAuthorization(username, options.previous ? previousPassword : password) },
      ...postmarkBody(mail, id, options.form === 'raw'),
    };
  },
  replay(payload, { path = '', username, password }) {
    const { OriginalRecipient } = payload;
    return {
      path,
      to: typeof OriginalRecipient === 'string' ? [OriginalRecipient] : [],
      contentType: 'application/json',
      headers: { authorization: basicAuthorization(username, password) },
      body: Buffer.from(JSON.stringify(payload)),
    };
  },
  accountOptions: () => ({}),
  api: {
    // One token for both halves of a server.
    keyIn: (_received, { serverToken = '' }) => serverToken,
    isFor: (path) => path.startsWith('/messages/inbound'),
    // The provider's other routes answer a wrong token.
    answer: (request, { receiving, apiKey }) =>
      request.headers['x-postmark-server-token'] === apiKey ? inboundMessagesAnswer(request, receiving) : undefined,
  },
};
