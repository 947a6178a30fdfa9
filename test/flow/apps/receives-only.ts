import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * An app that sends mail through one provider. It receives mail through accounts at two other vendors, and sends no mail through
 * these accounts.
 */
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
