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
  /** For each of these names there is one more path, which has the name as an additional segment after the secret segment. */
  readonly ends?: readonly string[];
  readonly function: IFunction;
  /**
   * Number of requests per second that are accepted. Further requests are answered with 429, and the providers post them again.
   */
  readonly rate: number;
}

/** Metric filters that count the requests to one route that the function of this route did not answer. */
export interface UnansweredRequests {
  /** Counts requests that are larger than Lambda or the API accepts. Such requests never reach the function. */
  readonly tooLarge: MetricFilter;
  /** Counts requests that the API answered in place of the function. */
  readonly turnedAway: MetricFilter;
}

/**
 * The HTTP API that providers post to. Received mail and delivery events have separate routes, functions and rate limits, so that
 * many requests of one kind do not slow down the other kind.
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
      // The access log omits the path, since one segment of it is a secret.
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

  /**
   * Adds the routes of a function. Counts the requests that the function did not answer, in metrics whose names begin with
   * `metric`.
   */
  route({ ends = [], ...props }: RouteProps, metric: string): UnansweredRequests {
    const paths = ['', ...ends].map((end) => `/${props.name}/{key}/{path}${end === '' ? '' : `/${end}`}`);
    const reason = 'Providers sign within the body or send a password: the function checks both, no authorizer could.';
    const integration = new HttpLambdaIntegration(`${props.name}-function`, props.function);
    for (const path of paths) this.#add(path, [HttpMethod.POST], { integration, rate: props.rate, reason });
    return this.#countUnanswered(`$.routeKey = "POST /${props.name}/*"`, metric);
  }

  /**
   * Adds the route for links in mail. People open these links, and mail programs post to them. Counts unanswered requests like
   * {@link route}.
   */
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
      // The settings of the API stage contain the route, so the route must be created first.
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
      // Status 413 of the API itself (above 10 MB), or status 413 of Lambda (above 6 MB). In the second case the API may answer
      // the client with another status.
      tooLarge: filter('TooLarge', '$.status = "413" || $.integrationStatus = "413"'),
      // The API answers 429 above the rate limit, and 502 to 504 if the function is throttled, broken or late. The function
      // itself never answers with one of these.
      turnedAway: filter('TurnedAway', ['429', '502', '503', '504'].map((one) => `$.status = "${one}"`).join(' || ')),
    };
  }
}
