import type { InboundModule } from '../inbound.ts';
import { passwordProblem } from './password.ts';
import { readPosted } from './posted.ts';

/**
 * Authenticates and reads the requests of Postmark's inbound webhook. The requests have no signature. They are authenticated by a
 * password, and by the secret path of the URL.
 */
export const inbound: InboundModule = {
  authenticate(request, { inboundUsername, inboundPassword, previousInboundPassword }) {
    const reason = passwordProblem(request, {
      username: inboundUsername,
      passwords: [inboundPassword, previousInboundPassword],
    });
    return reason === undefined
      ? { kind: 'genuine', read: () => readPosted(request.body) }
      : { kind: 'refused', reason };
  },
};
