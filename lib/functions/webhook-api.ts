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
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
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
  readonly function: IFunction;
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
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      ...defined({ encryptionKey: key }),
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
  route({ ends = [], ...props }: RouteProps, metric: string): UnansweredRequests {
    const paths = ['', ...ends].map((end) => `/${props.name}/{key}/{path}${end === '' ? '' : `/${end}`}`);
    const reason = 'Providers sign within the body or send a password: the function checks both, no authorizer could.';
    const integration = new HttpLambdaIntegration(`${props.name}-function`, props.function);
    for (const path of paths) this.#add(path, [HttpMethod.POST], { integration, rate: props.rate, reason });
    return this.#countUnanswered(`$.routeKey = "POST /${props.name}/*"`, metric);
  }

  /** Adds the route of links in mail, which people open and mail programs post to, and counts as {@link route} does. */
  linkRoute(props: Omit<RouteProps, 'ends'>, metric: string): UnansweredRequests {
    const reason = 'The link has an authenticated token of its recipient, who has no other credentials.';
    const integration = new HttpLambdaIntegration(`${props.name}-function`, props.function);
    this.#add(`/${props.name}/{token}`, [HttpMethod.GET, HttpMethod.POST], { integration, rate: props.rate, reason });
    return this.#countUnanswered(`$.routeKey = "*/${props.name}/*"`, metric);
  }

  #add(
    path: string,
    methods: HttpMethod[],
    {
      integration,
      rate,
      reason,
    }: { readonly integration: HttpLambdaIntegration; readonly rate: number; readonly reason: string },
  ): void {
    const routes = this.api.addRoutes({ path, methods, integration, authorizer: new HttpNoneAuthorizer() });
    for (const route of routes) {
      Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason });
      // The settings name the route, which must exist before.
      this.#stage.node.addDependency(route);
    }
    for (const method of methods)
      this.#rates[`${method} ${path}`] = { ThrottlingRateLimit: rate, ThrottlingBurstLimit: 2 * rate };
    (this.#stage.node.defaultChild as CfnStage).routeSettings = this.#rates;
  }

  #countUnanswered(own: string, metric: string): UnansweredRequests {
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
