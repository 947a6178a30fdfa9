import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * The types of the users' app, each once, and what that app leaves out: a server that is said to have SMTPUTF8, tracking,
 * and a provider that may send from its own domain only.
 */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'postmark', type: 'postmark', options: {} },
    { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
    {
      key: 'ses',
      type: 'ses',
      options: {
        identities: ['example.com'],
        configurationSet: 'plain',
        trackingSets: { opens: 'opens', clicks: 'clicks', both: 'both' },
      },
    },
    {
      key: 'own-mta',
      type: 'smtp',
      options: { host: 'mta.example.com', clientName: 'mailover.example.com', smtpUtf8: true },
    },
    {
      key: 'stand-in',
      type: 'mailgun',
      options: { domain: 'mg.example.net' },
      fromDomains: ['mg.example.net'],
      substituteFrom: 'mail@mg.example.net',
    },
  ],
  routes: [{ class: 'news', tracking: { opens: true, clicks: true } }],
  monitoring: { stage: 'trial' },
});
app.synth();
