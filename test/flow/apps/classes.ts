import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** A provider with delivery events, and a class that never pauses. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'ses', type: 'ses', options: { identities: ['example.com'] }, events: true }],
  routes: [{ class: 'resets', pauseAbove: false }],
});
app.synth();
