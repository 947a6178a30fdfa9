import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with one provider that reports delivery events, and with one class of mail that is never paused. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'ses', type: 'ses', options: { identities: ['example.com'] }, events: true }],
  routes: [{ class: 'resets', pauseAbove: false }],
});
app.synth();
