import type { SmtpOptions } from '../../../lambda/providers/smtp/options.ts';
import type { Fault, FaultStage } from '../../faults/faults.ts';
import type { SimulatedType } from '../type.ts';
import { smtpSimulator } from './simulator.ts';

const reply = (stage: FaultStage, text: string): Fault => ({ smtp: { stage, reply: text } });

/** Simulation of a mail server (SMTP) for the local stack. */
export const smtp: SimulatedType<SmtpOptions> = {
  protocol: 'smtp',
  serve: smtpSimulator,
  hostOf: ({ host }) => host,
  example: {
    options: { host: 'mail.example.com', tls: 'none' },
    secret: { username: 'user', password: 'pass' },
  },
  faults: {
    suspended: [{ ...reply('auth', '535 5.7.8 Your account has been suspended'), on: 'all' }],
    keyRevoked: reply('auth', '535 5.7.8 authentication failed'),
    // This is the reply of a mail relay to MAIL FROM.
    outOfQuota: reply('mail', '530 5.7.0 authentication required'),
    throttled: reply('mail', '450 4.7.1 Too many messages, try again later'),
    badMessage: reply('end', '554 5.6.0 message format not accepted'),
    unknownSender: reply('mail', '553 5.7.1 Sender address rejected: not owned by user'),
    badRecipient: reply('rcpt', '550 5.1.1 no such user'),
    unrecognised: reply('end', '550 From 2027 on, every message needs a purpose.'),
    failed: { ...reply('ehlo', '421 4.3.2 System error'), on: 'all' },
    failedAttempt: reply('data', '451 4.3.0 local error'),
  },
};
