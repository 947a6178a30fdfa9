import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { inboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import { reconcilerEnvironment } from '../../lambda/contract/reconciler-environment.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { Deployment } from '../template/deployed.ts';
import { findFunction } from '../template/find-function.ts';
import type { Domains } from './inbound/mail-exchange.ts';
import { simulatedType } from './registry.ts';

/**
 * Returns the domains and addresses for which a deployment receives mail. They come from the environment variables of the
 * deployment's functions and from its SES receipt rules.
 */
export function domainsOf(deployment: Deployment): Domains {
  const health = findFunction(deployment, healthEnvironment)?.environment;
  const reconciled = findFunction(deployment, reconcilerEnvironment)?.environment.providers ?? [];
  const receiving = findFunction(deployment, inboundEnvironment)?.environment.providers ?? [];
  const named = deployment.receiptRules
    .flatMap(({ recipients }) => recipients)
    .map((one) => one.slice(one.lastIndexOf('@') + 1));
  const byRule = receiving.filter(({ type }) => definitionOf(type).inbound?.over === 'bucket');
  const listed = reconciled.flatMap(({ key, type, missed }) => {
    const domains = simulatedType(type).posting?.domains?.(missed);
    return domains ? [[key, domains] as const] : [];
  });
  return {
    providers: receiving,
    listed: Object.fromEntries(listed),
    rules: Object.fromEntries(byRule.map(({ key }) => [key, named])),
    canaries: Object.fromEntries((health?.inboundCanaries ?? []).map(({ key, canary }) => [key, canary.to])),
    addresses: (health?.providers ?? []).flatMap(({ canary }) => canary?.to ?? []),
  };
}
