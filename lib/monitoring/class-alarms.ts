import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { graph } from './dashboard.ts';
import { ownMetric } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);

/** The part of its time after which mail of a class has waited too long for what is still to come. */
const PART = 0.1;

/** Watches each class that has an expiry: such mail is worth nothing later, and is lost to its reader before any queue is full. */
export function watchClasses(monitoring: Monitoring, routes: readonly RouteConfig[]): void {
  const watched = routes.flatMap(({ class: name, expiresAfterSeconds }) =>
    expiresAfterSeconds === undefined ? [] : [{ name, expiresAfterSeconds }],
  );
  for (const { name, expiresAfterSeconds } of watched)
    monitoring.alarm({
      title: 'ClassWaits',
      class: name,
      severity: 'ticket',
      meanwhile: `Mail of the class ${name} waits for more than a tenth of the ${expiresAfterSeconds} s that it has.`,
      action:
        'See whether the outbound queue has a backlog without message groups, or every provider of the class fails.',
      metric: ownMetric('ClassWait', 'Maximum', { class: name }, MINUTE),
      threshold: expiresAfterSeconds * PART,
      datapoints: 1,
      of: 1,
      // None of its mail was worked on: there is none, or the sender stands still, which other alarms say.
      missing: TreatMissingData.NOT_BREACHING,
    });
  if (watched.length > 0)
    monitoring.row('Mail with an expiry', [
      graph('Waited by class, s', 24, {
        left: watched.map(({ name }) => ownMetric('ClassWait', 'Maximum', { class: name }).with({ label: name })),
      }),
    ]);
}
