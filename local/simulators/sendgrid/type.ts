import type { SendgridOptions } from '../../../lambda/providers/sendgrid/options.ts';
import { HTTP_FAILURES, jsonFault, type SimulatedType } from '../type.ts';
import { reporting } from './reporting.ts';
import { sendgridBehaviour } from './simulator.ts';

const refusal = (
  status: number,
  message: string,
  field: string | null = null,
  headers?: Readonly<Record<string, string>>,
) => jsonFault(status, { errors: [{ message, field, help: null }] }, headers);

/** Simulation of SendGrid for the local stack. */
export const sendgrid: SimulatedType<SendgridOptions> = {
  protocol: 'http',
  reporting,
  play: ({ secret, clock, report }) => sendgridBehaviour(secret, clock, report),
  example: { options: {}, secret: { apiKey: 'SG.key' } },
  faults: {
    // This is SendGrid's answer for a banned account. An account under review is different: SendGrid accepts its mail, but does
    // not deliver the mail during the review.
    suspended: [{ ...refusal(403, 'Your account has been banned.'), on: 'all' }],
    keyRevoked: refusal(401, 'The provided authorization grant is invalid, expired, or revoked'),
    outOfQuota: refusal(401, 'Maximum credits exceeded'),
    throttled: refusal(429, 'too many requests', null, { 'retry-after': '30' }),
    badMessage: refusal(400, 'The content param is required.', 'content'),
    unknownSender: refusal(403, 'The from address does not match a verified Sender Identity.', 'from'),
    // SendGrid accepts mail to suppressed recipients and then drops it. Therefore this fault is the refusal of an invalid
    // address.
    badRecipient: refusal(400, 'Does not contain a valid address.', 'personalizations.0.to.0.email'),
    unrecognised: refusal(400, 'From 2027 on, every message needs a purpose.'),
    ...HTTP_FAILURES,
  },
};
