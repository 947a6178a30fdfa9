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

/**
 * Registers the alarms on the sender function and on the AWS services that it calls, and further alarms on outbound mail as a
 * whole: silent producers, failover, mail that circulates without waiting, and isolated providers.
 */
export function watchSender(monitoring: Monitoring, sender: LambdaFunction, timeout: Duration): void {
  monitoring.alarm({
    title: 'SenderErrors',
    dependsOnTime: true,
    meanwhile: 'The sender crashes or is stopped; the messages of those batches come back and are tried again.',
    action: 'Read the end of its log: a crash after a deployment is a reason to roll back.',
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
    meanwhile: 'Lambda refuses invocations of the sender; mail waits on its queue, and its receives are counted.',
    action: 'Find the function that uses up the concurrency of the account, or lower outboundConcurrency.',
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
      'Invocations of the sender take nearly all of their time-out; messages that are cut short come back later.',
    action: 'Find the slow step: the table, the bucket, or several providers that hang.',
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
    meanwhile: 'Producers sent steadily, and for half an hour no submission has arrived; Mailover itself works.',
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
    // Two periods must breach the threshold, since an outage of a few minutes with failover is normal.
    datapoints: 2,
    of: 3,
    // Missing data means that no mail was accepted, so there was no failover.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderRunaway',
    meanwhile:
      'Some mail circulates between the sender and its retry queues faster than its waits allow, and costs money.',
    action: 'Roll back the last deployment of the sender; if the loop continues, set its reserved concurrency to 0.',
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
      'Secrets Manager does not answer. Processes with cached credentials continue; new processes skip the provider, or mail waits seconds.',
    action: 'Look at the health of AWS in this region, and at the connection to it: endpoint, network, throttling.',
    metric: counted(monitoring.metric('SecretsUnreachable', 'Sum', {}, PERIOD), 'failed reads'),
    // One or two failed reads of a secret need no alarm, since a read is repeated within seconds.
    threshold: 3,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'ProofKeyUnusable',
    meanwhile:
      'The secret of the proofs is missing, forbidden or malformed. Mail goes out; redriven messages stay on their queue, and new dead letters have no proof.',
    action: 'Restore the secret: a JSON object with "key", with the former key if it is known.',
    metric: monitoring.metric('ProofKeyUnusable', 'Sum', {}, PERIOD),
    // One failure is enough for the alarm, since an unusable key stays unusable until an operator acts.
    threshold: 1,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'CredentialsRefused',
    meanwhile:
      'AWS refuses the credentials or the clock of one or more processes. They skip the provider, and mail goes out through the next one.',
    action: 'If all processes are affected, look at the role of the sender; otherwise let Lambda replace the process.',
    metric: counted(monitoring.metric('CredentialsRefused', 'Sum', {}, PERIOD), 'refused calls'),
    // One or two refused calls need no alarm: the AWS SDK corrects its clock from the answer of AWS, so the next call succeeds.
    threshold: 3,
    // Only failures are counted, so missing data means that there was no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'OperatorSwitch',
    meanwhile: 'An operator has isolated a provider; mail goes through the others until the switch ends.',
    action: 'See who did it and why; release the provider when the reason no longer applies.',
    metric: monitoring.metric('OperatorSwitch', 'Maximum', {}, PERIOD),
    // The metric has a value each minute. Without a value, the isolations are assumed to be unchanged, so the alarm keeps its
    // state.
    missing: TreatMissingData.IGNORE,
  });
}
