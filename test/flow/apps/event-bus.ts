import { EventBus } from 'aws-cdk-lib/aws-events';
import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** An app with one provider. Its delivery events are put on an event bus of EventBridge. */
const app = new App();
new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' }, events: true }],
  events: { bus: (stack) => EventBus.fromEventBusName(stack, 'Bus', 'mail') },
});
app.synth();
