import type { SesOptions } from '../../../lambda/providers/ses/options.ts';
import { HTTP_FAILURES, jsonFault, type SimulatedType } from '../type.ts';
import { sesBehaviour } from './simulator.ts';

const exception = (status: number, name: string, message: string) =>
  jsonFault(status, { message }, { 'x-amzn-errortype': name });

/** Simulation of Amazon SES for the local stack. */
export const ses: SimulatedType<SesOptions> = {
  protocol: 'http',
  play: ({ options, clock, report }) => sesBehaviour(options, clock, report),
  example: { options: { identities: ['example.com'] }, secret: {} },
  faults: {
    suspended: [
      exception(400, 'AccountSuspendedException', 'Your account has been suspended.'),
      {
        ...jsonFault(200, {
          SendingEnabled: false,
          EnforcementStatus: 'SHUTDOWN',
          ProductionAccessEnabled: true,
          DedicatedIpAutoWarmupEnabled: false,
          SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 0 },
        }),
        on: 'health',
      },
    ],
    keyRevoked: exception(403, 'AccessDeniedException', 'The role may not send.'),
    outOfQuota: exception(400, 'LimitExceededException', 'Daily message quota exceeded.'),
    throttled: exception(429, 'TooManyRequestsException', 'Too many requests'),
    badMessage: exception(
      400,
      'ValidationException',
      "1 validation error detected: Value at 'content.raw' is not valid.",
    ),
    unknownSender: exception(400, 'MessageRejected', 'Email address is not verified.'),
    badRecipient: exception(400, 'MessageRejected', 'Address is on the suppression list.'),
    unrecognised: exception(400, 'BadRequestException', 'From 2027 on, every message needs a purpose.'),
    ...HTTP_FAILURES,
  },
};
