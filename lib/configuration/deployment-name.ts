import { Names, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import { ConfigurationError } from './configuration-error.ts';

const CONTEXT = 'mailover:name';

/** Names of metric namespaces, alarms, dashboards, secrets and topics may all begin with it. */
const FORM = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

/**
 * Names a deployment for everything within a construct, which may have no children yet.
 *
 * @param given - by default the names of the stack and of the constructs in it
 * @throws ConfigurationError if the name has not its form, or another deployment of the app in the same account and region has it
 */
export function nameDeployment(construct: Construct, given?: string): void {
  const name = given ?? Names.uniqueResourceName(construct, { separator: '-', maxLength: 64 });
  if (!FORM.test(name))
    throw new ConfigurationError([
      `deploymentName: given ${JSON.stringify(name)}; it must be a letter and at most 63 letters, digits and hyphens`,
    ]);
  const taken = construct.node.root.node
    .findAll()
    .find((other) => isNamed(other, name) && mayShareAccount(construct, other));
  if (taken)
    throw new ConfigurationError([
      `deploymentName: ${name} is the name of ${taken.node.path} already; both would share alarms, metrics and secrets, so ` +
        'give one of them another',
    ]);
  construct.node.setContext(CONTEXT, name);
}

/** Name of the deployment that a construct is a part of. */
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
