import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);

/** The alarm is raised when mail has waited for this fraction of the time after which mail of its class expires. */
const PART = 0.1;

/**
 * Registers an alarm for each class of mail with an expiry (`expiresAfterSeconds`), since such mail may expire before the alarms
 * on the queues are raised. Adds their row to the dashboard.
 */
export function watchClasses(monitoring: Monitoring, routes: readonly RouteConfig[]): void {
  const watched = routes.flatMap(({ class: name, expiresAfterSeconds }) =>
    expiresAfterSeconds === undefined ? [] : [{ name, expiresAfterSeconds }],
  );
  for (const { name, expiresAfterSeconds } of watched)
    monitoring.alarm({
      title: 'ClassWaits',
      dependsOnTime: true,
      class: name,
      meanwhile: `Mail of the class ${name} has waited for at least a tenth of the ${expiresAfterSeconds} s after which it expires.`,
      action: 'Check whether the outbound queue has a backlog, and whether the providers of the class accept mail.',
      metric: monitoring.metric('ClassWait', 'Maximum', { class: name }, MINUTE),
      threshold: expiresAfterSeconds * PART,
      // Missing data means that there is no mail of the class, or that the sender does not run, which other alarms report.
      missing: TreatMissingData.NOT_BREACHING,
    });
  if (watched.length > 0)
    monitoring.row('Mail with an expiry', [
      graph('Longest wait, by class, s', 24, {
        left: watched.map(({ name }) =>
          monitoring.metric('ClassWait', 'Maximum', { class: name }).with({ label: name }),
        ),
      }),
    ]);
}
