import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

const canary = { to: 'canary@in.example.com', from: 'canary@example.com', everyMinutes: 30 };

/** The app of bin/mailover.ts with more canaries, and a rate of the first provider that a test can use up. */
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
