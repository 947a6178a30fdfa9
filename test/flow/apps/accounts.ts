import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with two accounts at each vendor whose API can look up a mail, and with two providers that cannot look up a mail. */
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
