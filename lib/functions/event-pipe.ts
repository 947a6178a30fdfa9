import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnPipe } from 'aws-cdk-lib/aws-pipes';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { keyStatement } from '../storage/encryption.ts';

/** Number of messages that EventBridge puts on the bus in one call. It is the largest number that PutEvents allows. */
const BATCH_SIZE = 10;

export interface EventPipeProps {
  /** The events queue. */
  readonly queue: Queue;
  readonly bus: IEventBus;
  /** KMS keys of the deployment; one of them may encrypt the queue. */
  readonly keys: readonly IKey[];
}

/**
 * An EventBridge pipe that puts the messages of the events queue on an event bus. EventBridge itself reads the queue, so no code
 * of Mailover can fail here. A message that the bus rejects becomes visible on the queue again after the visibility time-out.
 */
export class EventPipe extends Construct {
  constructor(scope: Construct, id: string, { queue, bus, keys }: EventPipeProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('pipes.amazonaws.com'),
      description: 'Permissions of the pipe from the events queue to the event bus',
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [queue.queueArn],
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }));
    if (keys.length > 0) role.addToPolicy(keyStatement(this, keys));
    const pipe = new CfnPipe(this, 'Pipe', {
      description: 'Puts delivery events and dead letters on the event bus',
      roleArn: role.roleArn,
      source: queue.queueArn,
      sourceParameters: { sqsQueueParameters: { batchSize: BATCH_SIZE } },
      target: bus.eventBusArn,
      // The body of a message is JSON, so paths such as `$.body.type` can select fields of it (eb-pipes-event-target and
      // eb-pipes-input-transformation, 2026-11-29).
      targetParameters: {
        inputTemplate: '<$.body>',
        eventBridgeEventBusParameters: { source: 'mailover', detailType: '$.body.type' },
      },
    });
    // EventBridge checks the permissions of the role when it creates the pipe, so the role and its policy must be created first.
    pipe.node.addDependency(role);
  }
}
