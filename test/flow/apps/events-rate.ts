import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * The load test sets this variable; the events function then has the same concurrency as in the stage `live`. The throttle test
 * does not set the variable; the app then has a low `eventsRate`.
 */
const rate = process.env['MAILOVER_EVENTS_RATE'];

/**
 * A CDK app with two providers and an `eventsRate` for the test. `eventsRate` is the number of events that the HTTP API admits in
 * a second.
 */
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
