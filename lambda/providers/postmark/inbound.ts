import type { InboundModule } from '../inbound.ts';
import { passwordProblem } from './password.ts';
import { readPosted } from './posted.ts';

/** Requests of Postmark's inbound webhook: they have no signature, so a password and the secret path authenticate them. */
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
