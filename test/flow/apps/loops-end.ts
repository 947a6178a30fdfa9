import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/** A sender with the loop detection that Lambda has by default, and three receives before the dead-letter queue, so that it comes soon. */
const app = new App();
const { mailover } = new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } }],
});
(mailover.sender.function.node.defaultChild as CfnFunction).recursiveLoop = 'Terminate';
for (const queue of mailover.queues.retry.values())
  (queue.node.defaultChild as CfnQueue).addPropertyOverride('RedrivePolicy.maxReceiveCount', 3);
app.synth();
