import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** Set by the test of load, which has the concurrency of the stage `live`; the other test exceeds a low rate. */
const rate = process.env['MAILOVER_EVENTS_RATE'];

/** An app with two providers, and the rate of events that a test sets. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'postmark', type: 'postmark', options: {}, events: true },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      events: true,
      inbound: { domains: ['in.example.com'] },
    },
  ],
  ...(rate === undefined ? { eventsRate: 20 } : { eventsRate: Number(rate), eventsConcurrency: 20 }),
});
app.synth();
