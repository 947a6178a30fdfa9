import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { OwnService } from '../../lambda/contract/metric-outcomes.ts';
import { counted } from './metric.ts';
import type { AlarmDefinition, Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);

const OWN: Readonly<Record<OwnService, Pick<AlarmDefinition, 'title' | 'meanwhile' | 'action'>>> = {
  table: {
    title: 'TableUnreachable',
    meanwhile:
      'The sender cannot use the state table or the secret of the suppression list. The affected mail is not sent, and waits in the retry queues.',
    action: 'Look at the health of DynamoDB in the region, and at the throttles and permissions of the state table.',
  },
  objects: {
    title: 'ObjectsUnreachable',
    meanwhile:
      'The sender cannot read objects in the mail bucket to which submissions refer. These submissions wait; other mail goes out.',
    action: 'Look at the health of S3 in the region, and at the permissions of the mail bucket.',
  },
  queues: {
    title: 'QueuesUnreachable',
    meanwhile:
      'The sender cannot put messages on the retry queues, the dead-letter queue or the events queue. Mail that should move to another queue stays on its queue, and is tried again.',
    action: 'Look at the health of SQS in the region, and at the permissions of the queues.',
  },
};

/**
 * Registers the alarms on the sender function and on the AWS services that it calls, and further alarms on outbound mail as a
 * whole: silent producers, failover, mail that circulates without waiting, and isolated providers.
 */
export function watchSender(monitoring: Monitoring, sender: LambdaFunction, timeout: Duration): void {
  monitoring.alarm({
    title: 'SenderErrors',
    dependsOnTime: true,
    meanwhile:
      'The sender function crashes, or exceeds its time-out or memory. SQS delivers the messages of the affected batches again later.',
    action:
      'Read the end of the log of the sender function. If the errors began with a deployment, roll the deployment back.',
    metric: sender.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // The function returns normally when a provider fails, so each error is a crash, a time-out or a lack of memory. Two periods
    // must breach the threshold, since after a single error SQS delivers the messages again.
    datapoints: 2,
    of: 3,
    // Lambda writes no value if there was no invocation; without an invocation there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderThrottles',
    meanwhile:
      'Lambda refuses invocations of the sender function. Mail waits on its queue; after about 24 hours SQS moves a waiting message to the dead-letter queue.',
    action: 'Find the function that uses up the concurrency of the AWS account, or lower outboundConcurrency.',
    metric: sender.metricThrottles({ statistic: 'Sum', period: PERIOD }),
    datapoints: 3,
    of: 3,
    // Lambda writes no value if the function was not called; then no invocation was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderTimeouts',
    dependsOnTime: true,
    meanwhile:
      'Some invocations of the sender function last for at least nine tenths of its time-out. Mail whose attempt could exceed the time-out is tried again later.',
    action: 'Find the slow step: the state table, the mail bucket, Secrets Manager, or providers that do not answer.',
    metric: sender.metricDuration({ statistic: 'Maximum', period: PERIOD }),
    // The sender starts no attempt that could last beyond the time-out of the function, so an invocation without a fault ends
    // well before this limit.
    threshold: timeout.toMilliseconds() * 0.9,
    datapoints: 2,
    of: 3,
    // Missing data means that there was no invocation, so no invocation took long.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'ProducersSilent',
    dependsOnTime: true,
    meanwhile:
      'For half an hour no submission has arrived, although producers sent mail steadily before. Mailover has no mail to send.',
    action: 'Check that the producers run, and that they may put messages on the outbound queue.',
    metric: monitoring.metric('ProducersSilent', 'Maximum', {}, MINUTE),
    datapoints: 2,
    of: 3,
    // The health check writes a value each minute. If the health check itself fails, another alarm is raised.
    missing: TreatMissingData.NOT_BREACHING,
  });
  for (const [service, { title, meanwhile, action }] of Object.entries(OWN))
    monitoring.alarm({
      title,
      dependsOnTime: true,
      meanwhile,
      action,
      metric: counted(monitoring.metric('OwnTrouble', 'Sum', { outcome: service }, PERIOD), 'failed calls'),
      // One or two failed calls in a period need no alarm, since their retries usually succeed.
      threshold: 3,
      datapoints: 2,
      of: 3,
      // Each failed call is counted, so missing data means that no call failed.
      missing: TreatMissingData.NOT_BREACHING,
    });
  monitoring.alarm({
    title: 'FailoverRate',
    dependsOnTime: true,
    meanwhile:
      'At least a tenth of the mail is accepted only after failover to another provider. If another provider fails too, this mail may have to wait.',
    action: 'Find the provider that fails or refuses mail. Check that the other providers can send all of the mail.',
    metric: new MathExpression({
      expression: `IF(FILL(accepted, 0) >= 20, 100 * FILL(over, 0) / FILL(accepted, 1), 0)`,
      label: 'failed over, %',
      period: PERIOD,
      usingMetrics: {
        accepted: monitoring.metric('Delay', 'SampleCount', {}, PERIOD),
        over: monitoring.metric('FailedOver', 'Sum', {}, PERIOD),
      },
    }),
    threshold: 10,
    // Two periods must breach the threshold, since an outage of a few minutes with failover is normal.
    datapoints: 2,
    of: 3,
    // Missing data means that no mail was accepted, so there was no failover.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderRunaway',
    meanwhile:
      'Some mail circulates between the sender and the retry queues faster than the waits between retries allow. Each such round costs money; the mail is not lost.',
    action:
      'Roll back the last deployment of the sender. If the loop continues, set the reserved concurrency of the sender function to 0.',
    metric: monitoring.metric('InvocationsPerMail', 'Maximum', {}, PERIOD),
    datapoints: 2,
    of: 3,
    // The metric has a value whenever a message is sent to a retry queue. Missing data means that no message was sent there, so
    // no message circulates.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SecretsUnreachable',
    dependsOnTime: true,
    meanwhile:
      'Functions cannot read secrets from Secrets Manager. Processes with cached secrets continue; new processes skip the provider. If a process can use no provider, its mail waits.',
    action:
      'Look at the health of AWS in this region, and at the connection to Secrets Manager: VPC endpoint, network, throttling.',
    metric: counted(monitoring.metric('SecretsUnreachable', 'Sum', {}, PERIOD), 'failed reads'),
    // One or two failed reads of a secret need no alarm, since a read is repeated within seconds.
    threshold: 3,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'ProofKeyUnusable',
    meanwhile:
      'The secret with the key of the proofs (signatures of dead letters) is missing, forbidden or malformed. Mail goes out. Redriven dead letters wait on the outbound queue, and new dead letters have no proof.',
    action:
      'Restore the secret, or its older version: a JSON object whose field "key" has the former key. If this key is lost, see the runbook before you write a new key.',
    metric: monitoring.metric('ProofKeyUnusable', 'Sum', {}, PERIOD),
    // One failure is enough for the alarm, since an unusable key stays unusable until an operator acts.
    threshold: 1,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'CredentialsRefused',
    meanwhile:
      'AWS refuses the credentials or the clock of at least one process. Such a process skips the provider, and mail goes out through the next provider.',
    action:
      'If all processes are affected, check the role of the sender function. Otherwise wait until Lambda replaces the process.',
    metric: counted(monitoring.metric('CredentialsRefused', 'Sum', {}, PERIOD), 'refused calls'),
    // One or two refused calls need no alarm: the AWS SDK corrects its clock from the answer of AWS, so the next call succeeds.
    threshold: 3,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'OperatorSwitch',
    meanwhile:
      'An operator has isolated at least one provider. Mail goes through the other providers until the isolation ends.',
    action:
      'List the isolated providers, the operators and the reasons with npm run isolate. Release a provider when the reason no longer applies.',
    metric: monitoring.metric('OperatorSwitch', 'Maximum', {}, PERIOD),
    // The metric has a value each minute. Without a value, the isolations are assumed to be unchanged, so the alarm keeps its
    // state.
    missing: TreatMissingData.IGNORE,
  });
}
