import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with one provider. The app posts its delivery events by HTTP to a server of the test. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  events: { url: process.env['EVENTS_URL'] ?? '' },
});
app.synth();
