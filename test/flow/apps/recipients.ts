import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with two classes of mail. Their routes set the options that concern recipients: `unsubscribe` and `verifiedRecipients`. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  routes: [
    { class: 'news', unsubscribe: true },
    { class: 'invitations', verifiedRecipients: true },
  ],
});
app.synth();
