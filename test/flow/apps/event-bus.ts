import { EventBus } from 'aws-cdk-lib/aws-events';
import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** One provider, whose events are put on an event bus. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  events: { bus: (stack) => EventBus.fromEventBusName(stack, 'Bus', 'mail') },
});
app.synth();
