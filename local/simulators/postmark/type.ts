import type { PostmarkOptions } from '../../../lambda/providers/postmark/options.ts';
import { HTTP_FAILURES, jsonFault, type SimulatedType } from '../type.ts';
import { posting } from './posting.ts';
import { reporting } from './reporting.ts';
import { postmarkBehaviour } from './simulator.ts';

const refusal = (status: number, ErrorCode: number, Message: string, headers?: Readonly<Record<string, string>>) =>
  jsonFault(status, { ErrorCode, Message }, headers);

/** Simulation of Postmark for the local stack. */
export const postmark: SimulatedType<PostmarkOptions> = {
  protocol: 'http',
  reporting,
  posting,
  play: ({ options, secret, clock, report }) => postmarkBehaviour(options, secret, clock, report),
  example: { options: {}, secret: { serverToken: 'token' } },
  faults: {
    // Only requests that send mail get this answer. Requests about the server and its message streams are answered as for an
    // account that is not suspended.
    suspended: [refusal(422, 413, 'You are not allowed to send emails.')],
    keyRevoked: refusal(401, 10, 'Bad or missing API token.'),
    outOfQuota: refusal(422, 405, 'Not allowed to send: out of credits.'),
    throttled: refusal(429, 429, 'Rate limit exceeded.', { 'retry-after': '30' }),
    badMessage: refusal(422, 403, "The field 'MessageStream' is not a string."),
    unknownSender: refusal(422, 400, 'The Sender Signature was not found.'),
    badRecipient: refusal(
      422,
      406,
      'You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ada@example.org. Inactive recipients are ones that have generated a hard bounce.',
    ),
    unrecognised: refusal(422, 7777, 'From 2027 on, every message needs a purpose.'),
    ...HTTP_FAILURES,
  },
};
