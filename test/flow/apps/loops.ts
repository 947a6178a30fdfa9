import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** One provider without canaries: every invocation of the sender is for the mail of the test. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'], preference: 10 },
    },
  ],
});
app.synth();
