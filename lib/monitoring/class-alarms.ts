import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);

/** Fraction of a class's expiry after which its mail has waited too long. */
const PART = 0.1;

/** Alarms for each class with an expiry, whose mail is useless before any queue is long. */
export function watchClasses(monitoring: Monitoring, routes: readonly RouteConfig[]): void {
  const watched = routes.flatMap(({ class: name, expiresAfterSeconds }) =>
    expiresAfterSeconds === undefined ? [] : [{ name, expiresAfterSeconds }],
  );
  for (const { name, expiresAfterSeconds } of watched)
    monitoring.alarm({
      title: 'ClassWaits',
      dependsOnTime: true,
      class: name,
      severity: 'ticket',
      meanwhile: `Mail of the class ${name} has waited for more than a tenth of its ${expiresAfterSeconds} s.`,
      action:
        'See whether the outbound queue has a backlog without message groups, or every provider of the class fails.',
      metric: monitoring.metric('ClassWait', 'Maximum', { class: name }, MINUTE),
      threshold: expiresAfterSeconds * PART,
      datapoints: 1,
      of: 1,
      // Missing data means that there is no mail of the class, or that the sender does not run, which has alarms of its
      // own.
      missing: TreatMissingData.NOT_BREACHING,
    });
  if (watched.length > 0)
    monitoring.row('Mail with an expiry', [
      graph('Waited by class, s', 24, {
        left: watched.map(({ name }) =>
          monitoring.metric('ClassWait', 'Maximum', { class: name }).with({ label: name }),
        ),
      }),
    ]);
}
