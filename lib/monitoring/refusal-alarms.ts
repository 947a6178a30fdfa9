import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { counted } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);

/**
 * Smallest number of attempts, accepted or refused, in a period for the alarm Refusals. A share of refusals that is computed from
 * fewer attempts says little.
 */
const MANY = 20;
const REFUSED = '(FILL(sender, 0) + FILL(content, 0) + FILL(recipient, 0))';

/**
 * Registers the alarms on refusals of messages and recipients by a provider that works otherwise. If such refusals are wrong,
 * mail that could be delivered does not arrive.
 */
export function watchRefusals(monitoring: Monitoring, provider: string): void {
  const attempts = (outcome: string) => monitoring.metric('Attempts', 'Sum', { provider, outcome }, PERIOD);
  monitoring.alarm({
    title: 'Contradictions',
    provider,
    meanwhile: `${provider} refuses messages or recipients that another provider accepts. This mail goes out through the other provider.`,
    action: `Compare the answer of ${provider} with its documentation: the API or the rules of ${provider} may have changed.`,
    metric: counted(monitoring.metric('Contradictions', 'Sum', { provider }, PERIOD), 'contradictions'),
    // One message that this provider refuses and another provider accepts may be an unusual message. Two such messages suggest
    // that the API of the provider has changed.
    threshold: 2,
    datapoints: 1,
    of: 3,
    // The metric has a value only when a contradiction occurs, so missing data means that there was no contradiction.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'UnrecognisedAnswers',
    provider,
    meanwhile: `${provider} refuses mail with an answer that is not in the table of known answers. The mail goes to another provider, or waits and is tried again.`,
    action: `Read the answer in the log of the sender, and add a row with its meaning to the table of answers for the type of ${provider}.`,
    metric: counted(monitoring.metric('UnrecognisedAnswers', 'Sum', { provider }, PERIOD), 'unrecognised answers'),
    // A single unrecognised answer raises the alarm, since it may be the first sign of a changed API.
    threshold: 1,
    datapoints: 1,
    of: 3,
    // The metric has a value only when an answer is not recognised, so missing data means that all answers were recognised.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Refusals',
    provider,
    meanwhile: `${provider} refuses at least half of its mail because of the message, the From address or a recipient. Most refused recipients get this mail from no other provider.`,
    action: `Look at the reasons of the attempts at ${provider}: either a producer sends bad mail, or ${provider} wrongly refuses good mail. In the second case isolate ${provider}.`,
    metric: new MathExpression({
      expression: `IF(FILL(accepted, 0) + ${REFUSED} >= ${MANY}, 100 * ${REFUSED} / (FILL(accepted, 0) + ${REFUSED}), 0)`,
      label: 'refused, %',
      period: PERIOD,
      usingMetrics: {
        accepted: attempts('accepted'),
        sender: attempts('sender'),
        content: attempts('message'),
        recipient: attempts('recipient'),
      },
    }),
    threshold: 50,
    // Missing data means that there was no accepted and no refused attempt.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SuppressionRise',
    provider,
    meanwhile: `${provider} refuses mailboxes of recipients at least three times as often as usual. While Mailover doubts these refusals, Mailover also tries another provider.`,
    action: `Run npm run doubted, which lists the recipients that Mailover gave up because of doubtful refusals. If their mailboxes exist, isolate ${provider}.`,
    metric: monitoring.metric('SuppressionRise', 'Maximum', { provider }, MINUTE),
    threshold: 3,
    datapoints: 2,
    of: 3,
    // The health check writes a value each minute. If the health check itself fails, another alarm is raised.
    missing: TreatMissingData.NOT_BREACHING,
  });
}
