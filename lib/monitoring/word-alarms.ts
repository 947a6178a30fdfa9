import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { counted, ownMetric } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);

/** Refusals below this number may be one bad mailing. */
const MANY = 20;
const REFUSED = '(FILL(sender, 0) + FILL(content, 0) + FILL(recipient, 0))';

/** Watches what a provider says of messages and recipients while it works: its words may be wrong, and each of them costs mail. */
export function watchWords(monitoring: Monitoring, provider: string): void {
  const attempts = (outcome: string) => ownMetric('Attempts', 'Sum', { provider, outcome }, PERIOD);
  monitoring.alarm({
    title: 'Contradictions',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} calls messages bad that another provider accepts; they go out through that one.`,
    action: `Compare its answer with its documentation: its API or its rules may have changed.`,
    metric: counted(ownMetric('Contradictions', 'Sum', { provider }, PERIOD), 'contradictions'),
    // One odd message is no change of an API.
    threshold: 2,
    datapoints: 1,
    of: 3,
    // The metric has a value only when it happens.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'UnrecognisedAnswers',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} refuses mail in words that are not known. It goes through another provider, or waits; no mail ends by it.`,
    action: `Read the answer in the log, and add a row to the table of the provider's type that says what it means.`,
    metric: counted(ownMetric('UnrecognisedAnswers', 'Sum', { provider }, PERIOD), 'answers nobody knows'),
    // Every one of them is news: an API that changed overnight begins with one.
    threshold: 1,
    datapoints: 1,
    of: 3,
    // The metric has a value only when it happens.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Refusals',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} refuses most messages or recipients. Refused recipients get no mail from anybody.`,
    action: `Look at the reasons: either a producer sends rubbish, or the provider calls good mail bad.`,
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
    datapoints: 1,
    of: 1,
    // Without mail nothing is refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SuppressionRise',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} refuses recipients, for their mailboxes, at three times its usual share or more; while it is in doubt, another provider is asked.`,
    action: `Run npm run doubted, which lists recipients that ended by words that are doubted since; isolate it if they are good.`,
    metric: ownMetric('SuppressionRise', 'Maximum', { provider }, MINUTE),
    threshold: 3,
    datapoints: 2,
    of: 3,
    // The gauge comes each minute; that the check stands still is an alarm of its own.
    missing: TreatMissingData.NOT_BREACHING,
  });
}
