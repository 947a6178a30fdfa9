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
      'The state table does not answer the sender: mail is not sent without it, and waits in the retry queues.',
    action: 'Look at the health of DynamoDB in the region, and at throttles and permissions of the table.',
  },
  objects: {
    title: 'ObjectsUnreachable',
    meanwhile: 'Objects that submissions refer to cannot be read: those submissions wait, the others go out.',
    action: 'Look at the health of S3 in the region, and at the permissions of the bucket.',
  },
  queues: {
    title: 'QueuesUnreachable',
    meanwhile:
      'The sender cannot put messages on its queues: mail for a retry queue or the dead-letter queue stays on its queue.',
    action: 'Look at the health of SQS in the region, and at the permissions of the queues.',
  },
};

/** Alarms on the sender function itself, for faults that end it before it can emit its own metrics. */
export function watchSender(monitoring: Monitoring, sender: LambdaFunction, timeout: Duration): void {
  monitoring.alarm({
    title: 'SenderErrors',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile: 'The sender crashes or is stopped; the messages of those batches come back and are tried again.',
    action: 'Read the end of its log: a crash after a deployment is a reason to roll back.',
    metric: sender.metricErrors({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // A provider's failure is no error of the function, so each error is a defect of ours; SQS's redelivery repairs a
    // single one.
    datapoints: 2,
    of: 3,
    // Lambda emits no value without an invocation, and then there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderThrottles',
    severity: 'ticket',
    meanwhile: 'Lambda refuses invocations of the sender; mail waits on its queue, and its receives are counted.',
    action: 'Find the function that uses up the concurrency of the account, or lower outboundConcurrency.',
    metric: sender.metricThrottles({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    datapoints: 3,
    of: 3,
    // Lambda emits no value without an invocation, and then none was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderTimeouts',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'Invocations of the sender take nearly all of their time-out; messages that are cut short come back later.',
    action: 'Find the slow step: the table, the bucket, or several providers that hang.',
    metric: sender.metricDuration({ statistic: 'Maximum', period: PERIOD }),
    // No attempt starts that could not end in time, so a healthy invocation ends well before.
    threshold: timeout.toMilliseconds() * 0.9,
    datapoints: 2,
    of: 3,
    // Missing data means no invocation, so none takes long.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'ProducersSilent',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile: 'Producers sent steadily, and for half an hour no submission has arrived; Mailover itself works.',
    action: 'Check that the producers run, and that they may put messages on the outbound queue.',
    metric: monitoring.metric('ProducersSilent', 'Maximum', {}, MINUTE),
    threshold: 1,
    datapoints: 2,
    of: 3,
    // The gauge has a value each minute; a failure of the check has an alarm of its own.
    missing: TreatMissingData.NOT_BREACHING,
  });
  for (const [service, { title, meanwhile, action }] of Object.entries(OWN))
    monitoring.alarm({
      title,
      dependsOnTime: true,
      severity: 'ticket',
      meanwhile,
      action,
      metric: counted(monitoring.metric('OwnTrouble', 'Sum', { outcome: service }, PERIOD), 'failed calls'),
      // One or two failed calls are repaired by their retries.
      threshold: 3,
      datapoints: 2,
      of: 3,
      // Each failure is counted, so missing data means that there was none.
      missing: TreatMissingData.NOT_BREACHING,
    });
  monitoring.alarm({
    title: 'FailoverRate',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'A large part of the mail is accepted only after failover to another provider: the next fault would stop it.',
    action: 'Find the provider that fails or refuses mail, and check that the others have room for all of it.',
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
    // An outage of a few minutes is normal for failover.
    datapoints: 2,
    of: 3,
    // Without mail nothing fails over.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderRunaway',
    severity: 'ticket',
    meanwhile:
      'Some mail circulates between the sender and its retry queues faster than its waits allow, and costs money.',
    action: 'Roll back the last deployment of the sender; if the loop continues, set its reserved concurrency to 0.',
    metric: monitoring.metric('InvocationsPerMail', 'Maximum', {}, PERIOD),
    threshold: 1,
    datapoints: 2,
    of: 3,
    // Missing data means no mail on retry queues, so no loop.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SecretsUnreachable',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'Secrets Manager does not answer. Processes with cached credentials continue; new processes skip the provider, or mail waits seconds.',
    action: 'Look at the health of AWS in this region, and at the connection to it: endpoint, network, throttling.',
    metric: counted(monitoring.metric('SecretsUnreachable', 'Sum', {}, PERIOD), 'failed reads'),
    // A single failed read is repeated within seconds.
    threshold: 3,
    datapoints: 1,
    of: 1,
    // Only failures are counted: no value, no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'ProofKeyUnusable',
    severity: 'ticket',
    meanwhile:
      'The secret of the proofs is missing, forbidden or malformed. Mail goes out; redriven messages stay on their queue, and new dead letters have no proof.',
    action: 'Restore the secret: a JSON object with "key", with the former key if it is known.',
    metric: monitoring.metric('ProofKeyUnusable', 'Sum', {}, PERIOD),
    // An unusable key does not repair itself.
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Counted when an unusable key is needed, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'CredentialsRefused',
    severity: 'ticket',
    meanwhile:
      'AWS refuses the credentials or the clock of one or more processes. They skip the provider, and mail goes out through the next one.',
    action: 'If all processes are affected, look at the role of the sender; otherwise let Lambda replace the process.',
    metric: counted(monitoring.metric('CredentialsRefused', 'Sum', {}, PERIOD), 'refused calls'),
    // The SDK corrects its clock by the first answer, so that one failure heals itself.
    threshold: 3,
    datapoints: 1,
    of: 1,
    // Only failures are counted: no value, no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'OperatorSwitch',
    severity: 'ticket',
    meanwhile: 'An operator has isolated a provider; mail goes through the others until the switch ends.',
    action: 'See who did it and why; release the provider when the reason no longer applies.',
    metric: monitoring.metric('OperatorSwitch', 'Maximum', {}, PERIOD),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // The gauge has a value each minute; without it the switch is assumed to be unchanged.
    missing: TreatMissingData.IGNORE,
  });
}
