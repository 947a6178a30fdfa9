import { defined } from '../../lambda/platform/defined.ts';
import type { EachResource, Properties } from './resources.ts';

/** Token bucket of a route: requests a second that it admits, and requests at once after a pause. */
export interface DeployedThrottle {
  readonly rate: number;
  readonly burst: number;
}

/** Access log of a stage. */
export interface DeployedAccessLog {
  readonly logGroup: string;
  /** Text with variables such as `$context.status`. */
  readonly format: string;
}

/** A route of an HTTP API, with the function behind it. */
export interface DeployedRoute {
  /** `POST /inbound/{proxy+}`, `ANY /path`, or `$default`. */
  readonly key: string;
  readonly functionName: string;
  /** Time that API Gateway waits for the function. */
  readonly timeoutMs: number;
  /** Undefined if the template sets none, and then only the quota of the account throttles on AWS. */
  readonly throttle?: DeployedThrottle;
}

/** An HTTP API of the template. */
export interface DeployedApi {
  readonly id: string;
  /** `$default`, or the name of the stage, which is then the first segment of every path. */
  readonly stage: string;
  readonly accessLog?: DeployedAccessLog;
  readonly routes: readonly DeployedRoute[];
}

/** Longest time that API Gateway waits, whatever the integration sets (http-api-quotas, collected 2026-11-25). */
const LONGEST_WAIT_MS = 30_000;

/** Quota of an account, for the half of a route's settings that is missing (http-api-quotas, collected 2026-11-30). */
const ACCOUNT_THROTTLE: DeployedThrottle = { rate: 10_000, burst: 5_000 };

/** Reads the HTTP APIs of a template from their four kinds of resources. */
export function readApis(each: EachResource): DeployedApi[] {
  const integrations = new Map(
    each('AWS::ApiGatewayV2::Integration', (properties, name) => [name, readIntegration(properties, name)] as const),
  );
  const routes = each('AWS::ApiGatewayV2::Route', (properties) => {
    const target = String(properties['Target']).replace(/^integrations\//, '');
    const integration = integrations.get(target);
    if (integration === undefined) throw new Error(`route ${properties['RouteKey']} has no integration ${target}`);
    return { apiId: String(properties['ApiId']), key: String(properties['RouteKey']), ...integration };
  });
  const stages = each('AWS::ApiGatewayV2::Stage', readStage);
  return each('AWS::ApiGatewayV2::Api', (_properties, id) => {
    const stage = stages.find(({ apiId }) => apiId === id);
    return {
      id,
      stage: stage?.name ?? '$default',
      ...defined({ accessLog: stage?.accessLog }),
      routes: routes
        .filter(({ apiId }) => apiId === id)
        .map(({ apiId: _apiId, ...route }) => {
          const throttle = stage?.throttleOf(route.key);
          return { ...route, ...defined({ throttle }) };
        }),
    };
  });
}

function readStage(properties: Properties) {
  const settings = (properties['RouteSettings'] ?? {}) as Readonly<Record<string, Properties>>;
  const log = properties['AccessLogSettings'] as Properties | undefined;
  return {
    apiId: String(properties['ApiId']),
    name: String(properties['StageName']),
    // The name is the last part of the ARN.
    accessLog: log && {
      logGroup: String(log['DestinationArn']).split(':').at(-1) ?? '',
      format: String(log['Format']),
    },
    throttleOf: (key: string) =>
      readThrottle({ ...(properties['DefaultRouteSettings'] as Properties | undefined), ...settings[key] }),
  };
}

function readThrottle({
  ThrottlingRateLimit: rate,
  ThrottlingBurstLimit: burst,
}: Properties): DeployedThrottle | undefined {
  if (rate === undefined && burst === undefined) return undefined;
  return { rate: Number(rate ?? ACCOUNT_THROTTLE.rate), burst: Number(burst ?? ACCOUNT_THROTTLE.burst) };
}

function readIntegration(properties: Properties, name: string): Pick<DeployedRoute, 'functionName' | 'timeoutMs'> {
  const type = properties['IntegrationType'];
  const version = properties['PayloadFormatVersion'];
  if (type !== 'AWS_PROXY' || version !== '2.0')
    throw new Error(
      `the local stack cannot run integration ${name}: it supports AWS_PROXY with payload format 2.0 only`,
    );
  // The ARN of a function, or the long form of API Gateway around it.
  const functionName = /:function:([^:/]+)/.exec(String(properties['IntegrationUri']))?.[1];
  if (functionName === undefined) throw new Error(`integration ${name} names no function`);
  return {
    functionName,
    timeoutMs: Math.min(LONGEST_WAIT_MS, Number(properties['TimeoutInMillis'] ?? LONGEST_WAIT_MS)),
  };
}
