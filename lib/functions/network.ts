import { type IVpc, type SelectedSubnets, type SubnetSelection, SubnetType, type Vpc } from 'aws-cdk-lib/aws-ec2';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { ConfigurationError } from '../configuration/configuration-error.ts';
import type { Given } from '../configuration/given.ts';
import { monthly, PRICES } from '../costs/prices.ts';

/** The network of the functions. Use these options if the requests to providers must come from fixed IP addresses. */
export interface NetworkProps {
  /**
   * VPC in which all functions run. The requests of the functions to the internet then come from the IP addresses of the NAT
   * gateways of the VPC.
   * @default - none: the functions run outside of a VPC, with changing IP addresses and without additional costs
   */
  readonly vpc?: Given<IVpc | Vpc>;
  /**
   * Subnets in which the functions run, best in two or more availability zones. The subnets need a route to a NAT gateway.
   * Without this route, all providers must be of the type `ses`, and the functions must reach AWS through VPC endpoints.
   * @default - the private subnets with a NAT gateway
   */
  readonly vpcSubnets?: SubnetSelection;
}

/** VPC and subnets in which the functions run. */
export interface Network {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
}

const NAT = `${monthly(PRICES.natGatewayHour)} $ a month for each NAT gateway, and ${PRICES.natGatewayTraffic.dollars} $ for each GB`;
const ENDPOINT = `${monthly(PRICES.endpointHour)} $ a month for each interface endpoint and availability zone, and ${PRICES.endpointTraffic.dollars} $ for each GB`;

/** Provider types that are AWS services. Functions can reach these services through a VPC endpoint. */
const OF_AWS: ReadonlySet<string> = new Set(['ses']);

/**
 * Returns the network of the functions; undefined without a VPC. Prints a note on endpoints and costs at synth, since a CDK app
 * does not know which endpoints and routes a VPC has that it looks up.
 *
 * @throws ConfigurationError if the functions could not reach the providers, or if `vpcSubnets` is set without `vpc`
 */
export function networkOf(
  scope: Construct,
  vpc: IVpc | undefined,
  given: SubnetSelection | undefined,
  providers: readonly ProviderConfig[],
): Network | undefined {
  if (vpc === undefined) {
    if (given) throw new ConfigurationError(['vpcSubnets: needs `vpc`']);
    return undefined;
  }
  const vpcSubnets = given ?? { subnetType: SubnetType.PRIVATE_WITH_EGRESS };
  const { subnetIds, isPendingLookup } = selected(vpc, vpcSubnets);
  if (isPendingLookup) return { vpc, vpcSubnets };
  const isIn = (subnets: IVpc['publicSubnets']) => subnets.find(({ subnetId }) => subnetIds.includes(subnetId));
  const outside = isIn(vpc.publicSubnets);
  if (outside)
    throw new ConfigurationError([
      `vpcSubnets: ${outside.node.id} is public. A Lambda function gets no public IP address in a public subnet, so it cannot reach providers or AWS services: use private subnets with a NAT gateway (${NAT})`,
    ]);
  const isolated = isIn(vpc.isolatedSubnets);
  const others = providers.filter(({ type }) => !OF_AWS.has(type)).map(({ key }) => key);
  if (isolated && others.length > 0)
    throw new ConfigurationError([
      `vpcSubnets: ${isolated.node.id} has no route to the internet, and ${others.join(', ')} can be reached over the internet only: add a NAT gateway (${NAT}), or use other subnets`,
    ]);
  const notes = Annotations.of(scope);
  if (isolated)
    notes.addWarningV2(
      'mailover:vpc-endpoints',
      `vpcSubnets: the subnets have no route to the internet, so the VPC needs interface endpoints of sqs, secretsmanager and email (${ENDPOINT}), and gateway endpoints of s3 and dynamodb, which cost nothing.`,
    );
  else
    notes.addInfoV2(
      'mailover:vpc-nat',
      `vpc: all traffic of the functions goes through the NAT gateways of the VPC (${NAT}). Gateway endpoints of s3 and dynamodb cost nothing; with them, traffic to s3 and dynamodb does not use the NAT gateways.`,
    );
  return { vpc, vpcSubnets };
}

/** @throws ConfigurationError if the VPC has no such subnets */
function selected(vpc: IVpc, selection: SubnetSelection): SelectedSubnets {
  try {
    const found = vpc.selectSubnets(selection);
    if (found.subnets.length > 0 || found.isPendingLookup) return found;
    throw new Error('the selection is empty');
  } catch (error) {
    throw new ConfigurationError([
      `vpcSubnets: the VPC has none of the selected subnets (${(error as Error).message}): the functions need private subnets with a NAT gateway (${NAT})`,
    ]);
  }
}
