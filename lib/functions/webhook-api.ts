import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { deploymentName } from '../configuration/deployment-name.ts';
import { encryptionKey } from '../storage/encryption.ts';

export interface WebhookApiProps {
  readonly logRetention: RetentionDays;
}

interface RouteProps {
  /** First part of the paths: `inbound` for `/inbound/{key}/{path}`. */
  readonly name: string;
  /** Last parts of further paths, after the secret one. */
  readonly ends?: readonly string[];
  readonly function: LambdaFunction;
  /** Requests a second that are admitted; the rest is answered 429, and the providers post again. */
  readonly rate: number;
}

/** Counts of the requests of one name that its function did not answer. */
export interface UnansweredRequests {
  /** Counts requests that are larger than Lambda or the API takes; they never reach the function. */
  readonly tooLarge: MetricFilter;
  /** Counts requests that the API answered in place of the function. */
  readonly turnedAway: MetricFilter;
}

/**
 * The HTTP API that providers post to. Received mail and delivery events have routes, functions and rates of their own, so
 * that neither slows the other down.
 */
export class WebhookApi extends Construct {
  readonly api: HttpApi;
  readonly accessLog: LogGroup;
  readonly #stage: HttpStage;
  readonly #rates: Record<string, object> = {};

  constructor(scope: Construct, id: string, { logRetention }: WebhookApiProps) {
    super(scope, id);
    const key = encryptionKey(this);
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: logRetention,
      ...(key && { encryptionKey: key }),
    });
    this.api = new HttpApi(this, 'Api', {
      apiName: deploymentName(this),
      description: 'Takes received mail and delivery events from the providers',
      createDefaultStage: false,
    });
    this.#stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      // The access log never has the path, since a part of it is a secret.
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTimeEpoch',
            routeKey: '$context.routeKey',
            status: '$context.status',
            responseLength: '$context.responseLength',
            latencyMs: '$context.responseLatency',
            sourceIp: '$context.identity.sourceIp',
            error: '$context.error.messageString',
            integrationStatus: '$context.integrationStatus',
          }),
        ),
      },
    });
    this.#stage.node.addDependency(this.accessLog);
  }

  /** Adds the routes of a function, and counts what it did not answer under metrics that begin with `metric`. */
  route({ name, ends = [], function: target, rate }: RouteProps, metric: string): UnansweredRequests {
    const integration = new HttpLambdaIntegration(`${name}-function`, target);
    for (const path of ['', ...ends].map((end) => `/${name}/{key}/{path}${end === '' ? '' : `/${end}`}`)) {
      const routes = this.api.addRoutes({
        path,
        methods: [HttpMethod.POST],
        integration,
        authorizer: new HttpNoneAuthorizer(),
      });
      for (const route of routes) {
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: 'Providers sign within the body or send a password: the function checks both, no authorizer could.',
        });
        // The settings name the route, which must exist before.
        this.#stage.node.addDependency(route);
      }
      this.#rates[`POST ${path}`] = { ThrottlingRateLimit: rate, ThrottlingBurstLimit: 2 * rate };
    }
    (this.#stage.node.defaultChild as CfnStage).routeSettings = this.#rates;
    const own = `$.routeKey = "POST /${name}/*"`;
    const filter = (id: string, statuses: string) =>
      new MetricFilter(this, `${metric}${id}`, {
        logGroup: this.accessLog,
        metricNamespace: deploymentName(this),
        metricName: `${metric}${id}`,
        filterPattern: FilterPattern.literal(`{ ${own} && (${statuses}) }`),
        metricValue: '1',
      });
    return {
      // 413 of the API itself (above 10 MB) or of Lambda (above 6 MB), which the API may answer with another status.
      tooLarge: filter('TooLarge', '$.status = "413" || $.integrationStatus = "413"'),
      // 429 above the rate, 502 to 504 for a function that is throttled, broken or late; the function itself answers none of these.
      turnedAway: filter('TurnedAway', ['429', '502', '503', '504'].map((one) => `$.status = "${one}"`).join(' || ')),
    };
  }
}
