import type { MailgunOptions } from '../../../lambda/providers/mailgun/options.ts';
import { HTTP_FAILURES, jsonFault, type SimulatedType } from '../type.ts';
import { posting } from './posting.ts';
import { reporting } from './reporting.ts';
import { mailgunBehaviour } from './simulator.ts';

const refusal = (status: number, message: string, headers?: Readonly<Record<string, string>>) =>
  jsonFault(status, { message }, headers);

/** Simulation of Mailgun for the local stack. */
export const mailgun: SimulatedType<MailgunOptions> = {
  protocol: 'http',
  posting,
  reporting,
  play: ({ options, secret, clock, report }) => mailgunBehaviour(options, secret, clock, report),
  example: { options: { domain: 'mg.example.com' }, secret: { apiKey: 'key' } },
  faults: {
    suspended: [{ ...refusal(403, 'Your account is disabled. Please contact support.'), on: 'all' }],
    keyRevoked: jsonFault(401, 'Forbidden'),
    outOfQuota: refusal(403, 'recipient limit exceeded'),
    throttled: refusal(429, 'Too many requests', { 'retry-after': '30' }),
    badMessage: refusal(400, 'Invalid parameter: message'),
    unknownSender: refusal(400, "'from' parameter is not a valid address"),
    badRecipient: refusal(400, 'the recipient address is suppressed'),
    unrecognised: refusal(400, 'From 2027 on, every message needs a purpose.'),
    ...HTTP_FAILURES,
  },
};
