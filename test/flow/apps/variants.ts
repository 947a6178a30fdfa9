import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * The types of bin/mailover.ts, each once, and options that it omits: a server with SMTPUTF8, tracking,
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
});
app.synth();
