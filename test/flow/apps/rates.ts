import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

const canary = { to: 'canary@in.example.com', from: 'canary@example.com', everyMinutes: 30 };

/**
 * The app of bin/mailover.ts, with two changes: canary mails are more frequent, and the rate limit of the first provider is so
 * low that a test can reach it.
 */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    { key: 'postmark', type: 'postmark', options: {}, canary, maxPerSecond: 0.5 },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      canary,
      inbound: { domains: ['in.example.com'] },
    },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] }, canary },
    { key: 'own-mta', type: 'smtp', share: 0.01, canary, options: { host: 'mta.example.com' } },
  ],
});
app.synth();
