import type { EachResource, Properties } from './resources.ts';

/** A route of an HTTP API, with the function behind it. */
export interface DeployedRoute {
  /** `POST /inbound/{proxy+}`, `ANY /path`, or `$default`. */
  readonly key: string;
  readonly functionName: string;
  /** Time that API Gateway waits for the function. */
  readonly timeoutMs: number;
}

/** An HTTP API of the template. */
export interface DeployedApi {
  readonly id: string;
  /** `$default`, or the name of the stage, which is then the first segment of every path. */
  readonly stage: string;
  readonly routes: readonly DeployedRoute[];
}

/** Longest time that API Gateway waits, whatever the integration sets (http-api-quotas, collected 2026-11-25). */
const LONGEST_WAIT_MS = 30_000;

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
  const stages = each('AWS::ApiGatewayV2::Stage', (properties) => ({
    apiId: String(properties['ApiId']),
    name: String(properties['StageName']),
  }));
  return each('AWS::ApiGatewayV2::Api', (_properties, id) => ({
    id,
    stage: stages.find(({ apiId }) => apiId === id)?.name ?? '$default',
    routes: routes.filter(({ apiId }) => apiId === id).map(({ apiId: _apiId, ...route }) => route),
  }));
}

function readIntegration(properties: Properties, name: string): Omit<DeployedRoute, 'key'> {
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
