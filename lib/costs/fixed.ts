import type { MonitoringSize } from '../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { ASSUMED, invocations } from './measured.ts';
import { PRICE_LIST, PRICES } from './prices.ts';
import { type CostLine, line, type Resources, watchingCost } from './watching.ts';

/** The properties of a deployment on which its fixed costs depend. */
export interface CostedDeployment {
  readonly resources: Resources;
  readonly providers: readonly ProviderConfig[];
  readonly routes: readonly RouteConfig[];
  readonly size: MonitoringSize;
  /** Names of the secrets that the functions read and that the template does not create, such as the secrets of providers. */
  readonly secrets: readonly string[];
}

type Properties = Readonly<Record<string, unknown>>;

/** Returns the costs of a deployment in a month without any mail, in dollars. */
export function fixedCosts({ resources, providers, routes, size, secrets }: CostedDeployment): readonly CostLine[] {
  const of = (type: string): readonly Properties[] =>
    Object.values(resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties as Properties] : []));
  const polled = of('AWS::Lambda::EventSourceMapping').length + of('AWS::Pipes::Pipe').length;
  const rules = of('AWS::Events::Rule').flatMap(({ ScheduleExpression, Targets }) =>
    typeof ScheduleExpression === 'string'
      ? [{ runs: runsInMonth(ScheduleExpression), ...targetOf(Targets, resources) }]
      : [],
  );
  const checks = Math.max(0, ...rules.map(({ runs }) => runs));
  const { reads, writes } = ASSUMED.healthUnits;
  const hourly = (number: number, { dollars }: { readonly dollars: number }) =>
    number * PRICE_LIST.hoursOfMonth * dollars;
  return [
    ...watchingCost(resources, providers, size, routes),
    line('secrets', of('AWS::SecretsManager::Secret').length, PRICES.secret.dollars),
    line('secrets of providers', secrets.length, PRICES.secret.dollars),
    line('queues that Lambda polls', polled, ASSUMED.receivesOfIdleQueue * PRICES.queueRequest.dollars),
    ...rules.map(({ runs, what, memoryMb }) =>
      line(`runs: ${what}`, runs, invocations(1, ASSUMED.scheduledSeconds, memoryMb)),
    ),
    line('health checks of the table', checks, reads * PRICES.readUnit.dollars + writes * PRICES.writeUnit.dollars),
    ...(of('AWS::EC2::NatGateway').length > 0
      ? [line('NAT gateways', of('AWS::EC2::NatGateway').length, hourly(1, PRICES.natGatewayHour))]
      : []),
    ...(of('AWS::EC2::VPCEndpoint').length > 0
      ? [
          line(
            'interface endpoints, by availability zone',
            of('AWS::EC2::VPCEndpoint').reduce((sum, one) => sum + zonesOf(one), 0),
            hourly(1, PRICES.endpointHour),
          ),
        ]
      : []),
  ];
}

/** Returns the description and the memory of the function that a scheduled rule invokes. */
function targetOf(targets: unknown, resources: Resources): { readonly what: string; readonly memoryMb: number } {
  const [target] = targets as readonly { readonly Arn: { readonly 'Fn::GetAtt'?: readonly string[] } }[];
  const { Properties = {} } = resources[target?.Arn['Fn::GetAtt']?.[0] ?? ''] ?? {};
  const { Description, MemorySize = 128 } = Properties as Properties;
  return { what: String(Description ?? 'a function'), memoryMb: Number(MemorySize) };
}

const IN_HOUR: Readonly<Record<string, number>> = { minute: 60, hour: 1, day: 1 / 24 };

function runsInMonth(expression: string): number {
  const [, count = '1', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const inHour = IN_HOUR[unit];
  if (inHour === undefined) throw new Error(`the bill has schedules of the form rate(5 minutes), not ${expression}`);
  return (inHour / Number(count)) * PRICE_LIST.hoursOfMonth;
}

/** Returns the number of availability zones of an interface endpoint, and 0 for a gateway endpoint, which costs nothing. */
function zonesOf({ VpcEndpointType, SubnetIds }: Properties): number {
  return VpcEndpointType === 'Interface' ? ((SubnetIds as readonly unknown[] | undefined)?.length ?? 1) : 0;
}
