import { Names, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import { ConfigurationError } from './configuration-error.ts';

const CONTEXT = 'mailover:name';

/**
 * Form of a deployment name. CloudWatch and Secrets Manager allow these characters in the names of metric namespaces, alarms,
 * dashboards and secrets.
 */
const FORM = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

/**
 * Sets the name of the deployment for all constructs below this construct, which must not have children yet.
 *
 * @param given - name from the configuration; by default the CDK makes the name from the name of the stack, the ids of the
 * constructs within the stack, and a hash
 * @throws ConfigurationError if the name has a wrong form, or if another deployment of the app has the same name and may be in
 * the same account and region
 */
export function nameDeployment(construct: Construct, given?: string): void {
  const name = given ?? Names.uniqueResourceName(construct, { separator: '-', maxLength: 64 });
  if (!FORM.test(name))
    throw new ConfigurationError([
      `deploymentName: given ${JSON.stringify(name)}; it must be a letter, followed by at most 63 letters, digits and hyphens`,
    ]);
  const taken = construct.node.root.node
    .findAll()
    .find((other) => isNamed(other, name) && mayShareAccount(construct, other));
  if (taken)
    throw new ConfigurationError([
      `deploymentName: ${name} is already the name of ${taken.node.path}; both deployments would share alarms, metrics and secrets, so ` +
        'give one of them another name',
    ]);
  construct.node.setContext(CONTEXT, name);
}

/** Returns the name of the deployment to which a construct belongs. */
export function deploymentName(scope: IConstruct): string {
  const name: unknown = scope.node.tryGetContext(CONTEXT);
  if (typeof name !== 'string') throw new Error(`${scope.node.path} is not a part of a Mailover`);
  return name;
}

function isNamed({ node }: IConstruct, name: string): boolean {
  return node.tryGetContext(CONTEXT) === name;
}

function mayShareAccount(one: IConstruct, other: IConstruct): boolean {
  const [a, b] = [Stack.of(one), Stack.of(other)];
  const maySame = (x: string, y: string) => x === y || Token.isUnresolved(x) || Token.isUnresolved(y);
  return maySame(a.account, b.account) && maySame(a.region, b.region);
}
