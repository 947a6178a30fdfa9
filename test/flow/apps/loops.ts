import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with one provider, and without canary mails. Therefore the sender function is invoked for the mail of the test only. */
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
