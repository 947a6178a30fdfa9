import { defined } from '../../lambda/platform/defined.ts';
import type { EachResource, Properties } from './resources.ts';

/**
 * Rate limit of a route (a token bucket). `rate` is the number of requests that are admitted each second. `burst` is the number
 * of requests that are admitted at the same time after a pause.
 */
export interface DeployedThrottle {
  readonly rate: number;
  readonly burst: number;
}

/** Access log of a stage of an HTTP API. */
export interface DeployedAccessLog {
  readonly logGroup: string;
  /** Format of a log line: a text with variables such as `$context.status`. */
  readonly format: string;
}

/** A route of an HTTP API, with the name of the function that the route invokes. */
export interface DeployedRoute {
  /** Route key, such as `POST /inbound/{proxy+}`, `ANY /path` or `$default`. */
  readonly key: string;
  readonly functionName: string;
  /** Time for which API Gateway waits for the answer of the function, in milliseconds. */
  readonly timeoutMs: number;
  /** Rate limit of this route. Absent if the template sets no limit; then AWS applies only the quota of the account. */
  readonly throttle?: DeployedThrottle;
}

/** An HTTP API of the template. */
export interface DeployedApi {
  readonly id: string;
  /** Name of the stage. If it is not `$default`, it is the first segment of every path. */
  readonly stage: string;
  readonly accessLog?: DeployedAccessLog;
  readonly routes: readonly DeployedRoute[];
}

/**
 * Longest time for which API Gateway waits for the answer of a function, in milliseconds. It applies even if the integration sets
 * a longer time (http-api-quotas, collected 2026-11-25).
 */
const LONGEST_WAIT_MS = 30_000;

/**
 * Rate limit of an AWS account. If a route sets only one of `rate` and `burst`, the other value comes from this limit
 * (http-api-quotas, collected 2026-11-30).
 */
const ACCOUNT_THROTTLE: DeployedThrottle = { rate: 10_000, burst: 5_000 };

/** Reads the HTTP APIs of a template. The resources of an API are the API itself, its integrations, its routes and its stage. */
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
    // The name of the log group is the last part of its ARN.
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
  // The integration URI is either the ARN of a function, or a URI of API Gateway that contains this ARN.
  const functionName = /:function:([^:/]+)/.exec(String(properties['IntegrationUri']))?.[1];
  if (functionName === undefined) throw new Error(`integration ${name} names no function`);
  return {
    functionName,
    timeoutMs: Math.min(LONGEST_WAIT_MS, Number(properties['TimeoutInMillis'] ?? LONGEST_WAIT_MS)),
  };
}
