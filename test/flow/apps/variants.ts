import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * An app with each provider type of bin/mailover.ts, and with options that bin/mailover.ts does not use: an SMTP server with
 * SMTPUTF8, tracking of opens and clicks, and a provider that may send from its own domain only.
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
