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
    if (stage === 'local') this.output('DeployedStage', props.stage ?? 'sandbox', 'Stage of a deployment of this app');
    this.output('OutboundQueueUrl', queues.outbound.queueUrl, 'Takes submissions');
    this.output(
      'DeadLetterQueueUrl',
      queues.deadLetter.queueUrl,
      'Holds submissions that could not be sent, with a reason',
    );
    this.output('EventsQueueUrl', queues.events.queueUrl, 'Has delivery events, and one for each suppressed recipient');
    if (events && api)
      this.output('EventsUrl', `${api.api.apiEndpoint}/events`, 'Takes delivery events: /<key>/<path of its secret>');
    if (suppressionKey)
      this.output('SuppressionSecret', suppressionKey.secretArn, 'Has the key of the suppression list');
    if (signingKey)
      this.output('EventsSigningSecret', signingKey.secretArn, 'Has the key of the signatures of posted events');
    if (queues.inbound && inbound && api) {
      this.output('InboundQueueUrl', queues.inbound.queueUrl, 'Has received mail');
      this.output('InboundUrl', `${api.api.apiEndpoint}/inbound`, 'Takes received mail: /<key>/<path of its secret>');
    }
    if (mirror) this.output('SuppressionFunctionName', mirror.function.functionName, 'Carries out npm run suppression');
    this.output(
      'MailBucketName',
      mailBucket.bucketName,
      'Takes submissions and attachments that are too large for a queue',
    );
    const { dashboard } = this.mailover.monitoring;
    if (dashboard)
      this.output(
        'DashboardUrl',
        dashboardUrl(this, dashboard),
        'Shows whether mail goes out, and through which provider',
      );
    this.output('StateTableName', stateTable.tableName, 'Holds the ledger, the circuits and the switches of operators');
    this.output('ListsTableName', listsTable.tableName, 'Has the delivery events of each submission');
    for (const [key, queue] of queues.retry)
      this.output(
        retryQueueOutput(key),
        queue.queueUrl,
        `Retry queue of ${key}: holds mail that waits for its next round`,
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
