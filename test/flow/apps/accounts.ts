import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** Two accounts of each vendor that can be asked about a mail, and two providers that cannot. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'postmark', type: 'postmark', options: {} },
    { key: 'postmark-b', type: 'postmark', options: {} },
    { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
    { key: 'mailgun-b', type: 'mailgun', options: { domain: 'mg.example.net' } },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
    { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com', clientName: 'mailover.example.com' } },
  ],
});
app.synth();
