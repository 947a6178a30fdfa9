import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { NamedAlarm } from './monitoring/monitoring.ts';

/**
 * The functions that are released gradually. For each function: the titles of the alarms that make CodeDeploy restore the
 * previous version. Only the alarms that exist in the chosen monitoring size are used.
 */
const WATCHED = {
  Sender: ['SenderErrors', 'SenderTimeouts', 'SomeFailures', 'Faults'],
  Inbound: ['InboundErrors', 'InboundFailures'],
  Events: ['EventsErrors', 'EventsFailed'],
} as const;

/**
 * Largest number of alarms of a deployment group (docs.aws.amazon.com, codedeploy-deploymentgroup-alarmconfiguration,
 * 2026-11-29).
 */
const MOST_ALARMS = 10;

/**
 * Gradual releases by CodeDeploy: a new version gets a tenth of the invocations for a quarter of an hour, then all invocations.
 * This time is as long as the period of the alarms SomeFailures and Faults, which detect failures of a small part of the mail.
 *
 * Composite alarms stop no release. They are not given to CodeDeploy, since its documentation describes only alarms on a metric.
 */
export class GradualReleases extends Construct {
  constructor(
    scope: Construct,
    id: string,
    alarms: readonly NamedAlarm[],
    aliases: Readonly<Record<keyof typeof WATCHED, Alias | undefined>>,
  ) {
    super(scope, id);
    const application = new LambdaApplication(this, 'Application');
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
      description: 'Moves the aliases of the functions of Mailover to their new versions',
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      reason: 'The policy of AWS for CodeDeploy has what that service calls, which its documentation does not list.',
    });
    for (const name of Object.keys(WATCHED) as (keyof typeof WATCHED)[]) {
      const alias = aliases[name];
      if (alias)
        new LambdaDeploymentGroup(this, name, {
          application,
          role,
          alias,
          deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
          alarms: chosen(alarms, WATCHED[name]),
        });
    }
  }
}

/**
 * Returns the alarms with these titles, in the order of the titles, but at most {@link MOST_ALARMS} of them. Alarms with the same
 * title are in the order of the providers.
 */
function chosen(alarms: readonly NamedAlarm[], titles: readonly string[]): IAlarm[] {
  return titles
    .flatMap((title) => alarms.filter((one) => one.title === title))
    .slice(0, MOST_ALARMS)
    .map(({ alarm }) => alarm);
}
