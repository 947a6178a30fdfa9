import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** The types of the users' app, each once, and a server of one's own that is said to have SMTPUTF8. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'postmark', type: 'postmark', options: {} },
    { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
    {
      key: 'own-mta',
      type: 'smtp',
      options: { host: 'mta.example.com', clientName: 'mailover.example.com', smtpUtf8: true },
    },
  ],
  monitoring: { stage: 'trial' },
});
app.synth();
