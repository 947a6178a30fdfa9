import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** One provider, whose events are posted to the test. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  events: { url: process.env['EVENTS_URL'] ?? '' },
});
app.synth();
