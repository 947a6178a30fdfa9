import type { Construct } from 'constructs';
import type { Stage } from '../lambda/contract/deployment.ts';
import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { definitions } from '../lambda/providers/registry.ts';
import { checkApplicationEvents } from './configuration/application-events.ts';
import { runChecks } from './configuration/configuration-error.ts';
import { nameDeployment } from './configuration/deployment-name.ts';
import { checkRanges } from './configuration/ranges.ts';
import { checkReleases } from './configuration/releases.ts';
import { checkStage } from './configuration/stage.ts';
import { checkThrowAway } from './configuration/throw-away.ts';
import { checkUnsubscribeLinks } from './configuration/unsubscribe-links.ts';
import { validateProviders } from './configuration/validate-providers.ts';
import { validateRoutes } from './configuration/validate-routes.ts';
import type { MailoverProps } from './mailover-props.ts';
import { checkTargets } from './monitoring/topics.ts';
import { checkMailExpiration } from './storage/mail-bucket.ts';

/**
 * Checks the configuration, and sets the name of the deployment for all constructs below `scope`. The deadlines, the VPC and the
 * size of environment variables are not checked here. `configured` is the provider list of the configuration, in which each
 * provider has `options`.
 *
 * @throws ConfigurationError if a check finds faults; the error names the faults that all checks found
 */
export function checkConfiguration(
  scope: Construct,
  props: MailoverProps,
  configured: readonly ProviderConfig[],
  stage: Stage,
): void {
  runChecks([
    () => nameDeployment(scope, props.deploymentName),
    () => validateProviders(configured, definitions),
    () => validateRoutes(props.routes ?? [], configured),
    () => checkStage(scope, props),
    () => checkReleases(props.releases),
    () => checkThrowAway(props.throwAway, stage),
    () => (stage === 'live' ? checkTargets(props.monitoring) : undefined),
    () => checkMailExpiration(props.mailExpiration),
    () => checkRanges(props),
    () => checkApplicationEvents(props.events),
    () => checkUnsubscribeLinks(props),
  ]);
}
