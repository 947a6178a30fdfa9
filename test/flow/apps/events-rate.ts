import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with two providers, and the rate of events that a test sets: by default a low one, which it can exceed. */
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
  eventsRate: Number(process.env['MAILOVER_EVENTS_RATE'] ?? 20),
});
app.synth();
