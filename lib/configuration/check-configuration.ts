import type { Construct } from 'constructs';
import type { Stage } from '../../lambda/contract/deployment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import type { MailoverProps } from '../mailover-props.ts';
import { checkTargets } from '../monitoring/topics.ts';
import { checkMailExpiration } from '../storage/mail-bucket.ts';
import { checkApplicationEvents } from './application-events.ts';
import { runChecks } from './configuration-error.ts';
import { nameDeployment } from './deployment-name.ts';
import { checkLogShare } from './log-share.ts';
import { checkReleases } from './releases.ts';
import { checkStage } from './stage.ts';
import { checkThrowAway } from './throw-away.ts';
import { checkUnsubscribeLinks } from './unsubscribe-links.ts';
import { validateProviders } from './validate-providers.ts';
import { validateRoutes } from './validate-routes.ts';

/**
 * Checks the whole configuration, and names the deployment. `configured` is the provider list with its options.
 *
 * @throws ConfigurationError with every fault at once
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
    () => checkLogShare(props.straightLogShare),
    () => checkApplicationEvents(props.events),
    () => checkUnsubscribeLinks(props),
  ]);
}
