import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

const canaryTo = (domain: string) => ({ to: `canary@${domain}`, from: 'canary@example.com', everyMinutes: 15 });

/** The app of bin/mailover.ts. Canary mails are sent every 15 minutes. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [
    {
      key: 'postmark',
      type: 'postmark',
      options: {},
      inbound: { preference: 20, canary: canaryTo('postmark.in.example.com') },
    },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'], preference: 10, canary: canaryTo('mailgun.in.example.com') },
    },
    {
      key: 'own-mta',
      type: 'smtp',
      canary: canaryTo('in.example.com'),
      options: { host: 'mta.example.com', clientName: 'mailover.example.com' },
    },
    {
      key: 'ses',
      type: 'ses',
      options: { identities: ['example.com'] },
      inbound: { recipients: ['ses.in.example.com'], canary: canaryTo('ses-alone.in.example.com') },
    },
  ],
});
app.synth();
