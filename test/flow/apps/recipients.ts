import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** Classes that use what routes offer for recipients. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  routes: [
    { class: 'news', unsubscribe: true },
    { class: 'invitations', verifiedRecipients: true },
  ],
});
app.synth();
