import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';

/**
 * An app in which the sender function keeps Lambda's default detection of recursive loops. SQS moves a message to the dead-letter
 * queue after only three receives, which makes the test short.
 */
const app = new App();
const { mailover } = new MailoverStack(app, 'Mailover', {
  providers: [{ key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } }],
});
(mailover.sender.function.node.defaultChild as CfnFunction).recursiveLoop = 'Terminate';
for (const queue of mailover.queues.retry.values())
  (queue.node.defaultChild as CfnQueue).addPropertyOverride('RedrivePolicy.maxReceiveCount', 3);
app.synth();
