import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { notDelivered } from './configuration/stage.ts';
import { Mailover } from './mailover.ts';
import type { MailoverProps } from './mailover-props.ts';

/** A stack with one Mailover, and outputs with stable names for producers, operators and tests. */
export class MailoverStack extends Stack {
  readonly mailover: Mailover;

  constructor(scope: Construct, id: string, props: MailoverProps & StackProps) {
    // With termination protection, a single command cannot delete a stack that sends real mail.
    super(scope, id, { terminationProtection: props.stage === 'live', ...props });
    this.mailover = new Mailover(this, 'Mailover', { deploymentName: this.stackName, ...props });
    const {
      queues,
      mailBucket,
      stateTable,
      listsTable,
      inbound,
      events,
      mirror,
      api,
      stage,
      signingKey,
      suppressionKey,
    } = this.mailover;
    this.output('Stage', stage, notDelivered(stage) ?? 'Mail is delivered to its recipients');
    // The console of a local stack shows the stage that a deployment of the same app would have.
    if (stage === 'local')
      this.output('DeployedStage', props.stage ?? 'sandbox', 'Stage that a deployment of this app to AWS would have');
    this.output('OutboundQueueUrl', queues.outbound.queueUrl, 'URL of the queue to which producers send submissions');
    this.output(
      'DeadLetterQueueUrl',
      queues.deadLetter.queueUrl,
      'URL of the queue of submissions that could not be sent, each with a reason',
    );
    this.output(
      'EventsQueueUrl',
      queues.events.queueUrl,
      'URL of the queue of delivery events, with one event for each suppressed recipient',
    );
    if (events && api)
      this.output(
        'EventsUrl',
        `${api.api.apiEndpoint}/events`,
        'URL to which providers post delivery events; add /<key of the provider>/<path in the secret of the provider>',
      );
    if (suppressionKey)
      this.output(
        'SuppressionSecret',
        suppressionKey.secretArn,
        'ARN of the secret with the key of the suppression list',
      );
    if (signingKey)
      this.output(
        'EventsSigningSecret',
        signingKey.secretArn,
        'ARN of the secret with the key that signs posted events',
      );
    if (queues.inbound && inbound && api) {
      this.output('InboundQueueUrl', queues.inbound.queueUrl, 'URL of the queue of received mail');
      this.output(
        'InboundUrl',
        `${api.api.apiEndpoint}/inbound`,
        'URL to which providers post received mail; add /<key of the provider>/<path in the secret of the provider>',
      );
    }
    if (mirror)
      this.output(
        'SuppressionFunctionName',
        mirror.function.functionName,
        'Name of the function that npm run suppression invokes',
      );
    this.output(
      'MailBucketName',
      mailBucket.bucketName,
      'Name of the bucket for submissions and attachments that are too large for a queue, and for received mail',
    );
    const { dashboard } = this.mailover.monitoring;
    if (dashboard)
      this.output(
        'DashboardUrl',
        dashboardUrl(this, dashboard),
        'URL of the dashboard, which shows whether mail goes out, and through which provider',
      );
    this.output(
      'StateTableName',
      stateTable.tableName,
      'Name of the table with the records of submissions, the circuit breakers and the isolations by operators',
    );
    this.output(
      'ListsTableName',
      listsTable.tableName,
      'Name of the table with the delivery events of each submission',
    );
    for (const [key, queue] of queues.retry)
      this.output(
        retryQueueOutput(key),
        queue.queueUrl,
        `URL of the retry queue of ${key}, in which mail waits for its next try`,
      );
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

function dashboardUrl({ region }: Stack, { dashboardName }: Dashboard): string {
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
}

/**
 * Returns the name of the stack output with the URL of a provider's retry queue. Names of outputs must be alphanumeric, and
 * different provider keys must have different names.
 */
function retryQueueOutput(key: string): string {
  return `RetryQueueUrl${key.replaceAll('-', 'Dash')}`;
}
