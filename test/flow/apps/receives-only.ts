import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** Mail goes out over one provider, and comes in over accounts of others that do not send. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com', clientName: 'mailover.example.com' } },
    {
      key: 'mailgun-in',
      type: 'mailgun',
      outbound: false,
      options: { domain: 'in.example.com' },
      inbound: { domains: ['in.example.com'] },
    },
    { key: 'postmark-in', type: 'postmark', outbound: false, options: {}, inbound: true },
  ],
});
app.synth();
