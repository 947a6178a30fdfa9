import { randomUUID } from 'node:crypto';
import { basicAuthorization } from '../basic-authorization.ts';
import type { PostingType } from '../inbound/posting.ts';
import { inboundMessagesAnswer } from './received-messages.ts';
import { postmarkBody } from './webhook.ts';

/**
 * Postmark's inbound webhook. In the form `raw`, a post also contains the raw mail, as if the setting for raw mail were switched
 * on at the Postmark server.
 */
export const posting: PostingType = {
  forms: ['json', 'raw'],
  // Postmark repeats a failed post ten times within ten and a half hours ("Understanding inbound webhook retries", 2025-11-04).
  // Collected 2026-11-23.
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
    // A Postmark server has one token for its whole API, both for sending and for received messages.
    keyIn: (_received, { serverToken = '' }) => serverToken,
    isFor: (path) => path.startsWith('/messages/inbound'),
    // A request with a wrong token is not answered here. The sending API of the simulator refuses such a request.
    answer: (request, { receiving, apiKey }) =>
      request.headers['x-postmark-server-token'] === apiKey ? inboundMessagesAnswer(request, receiving) : undefined,
  },
};
