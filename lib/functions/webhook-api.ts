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
  /**
   * Segments that may follow the secret segment of the path: for each of them there is one more route, such as
   * `/inbound/{key}/{path}/store`.
   */
  readonly ends?: readonly string[];
  readonly function: IFunction;
  /**
   * Number of requests per second that are accepted by each route; a short burst may have twice this number. Further requests are
   * answered with 429, and the providers post them again.
   */
  readonly rate: number;
}

/** Metric filters that count the requests to the routes of one function that the HTTP API answered in place of the function. */
export interface UnansweredRequests {
  /** Counts requests that are too large for the API (above 10 MB) or for Lambda (above 6 MB). They never reach the function. */
  readonly tooLarge: MetricFilter;
  /** Counts requests that the API answered with the status 429, 502, 503 or 504. */
  readonly turnedAway: MetricFilter;
}

/**
 * The HTTP API for the posts of providers and for links to unsubscribe. Received mail, delivery events and links have separate
 * routes, functions and rate limits, so that many requests of one kind do not slow down the requests of another kind.
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
      description: 'Receives posts of received mail and of delivery events from the providers',
      createDefaultStage: false,
    });
    this.#stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      // The access log does not contain the path, since one segment of the path is a secret.
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
   * Adds the routes of a function. Creates the metric filters for the requests that the API answers in place of the function; the
   * names of their metrics begin with `metric`.
   */
  route({ ends = [], ...props }: RouteProps, metric: string): UnansweredRequests {
    const paths = ['', ...ends].map((end) => `/${props.name}/{key}/{path}${end === '' ? '' : `/${end}`}`);
    const reason = 'Providers sign within the body or send a password: the function checks both, no authorizer could.';
    const integration = new HttpLambdaIntegration(`${props.name}-function`, props.function);
    for (const path of paths) this.#add(path, [HttpMethod.POST], { integration, rate: props.rate, reason });
    return this.#countUnanswered(`$.routeKey = "POST /${props.name}/*"`, metric);
  }

  /**
   * Adds the routes for links in mail. People open these links (GET), and mail programs post to them (POST). Creates the same
   * metric filters as {@link route}.
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
      // Status 413 of the API itself (above 10 MB), or status 413 of Lambda (above 6 MB). If Lambda answers 413, the API may
      // answer the client with another status.
      tooLarge: filter('TooLarge', '$.status = "413" || $.integrationStatus = "413"'),
      // The API answers 429 above the rate limit, and 502 to 504 if it gets no answer of Lambda in time, or if Lambda throttles
      // the function. The function itself never answers with one of these statuses. If the function crashes or exceeds its
      // time-out, the API answers 500. The function also answers 500, so this status is not counted here; alarms on the function
      // report it.
      turnedAway: filter('TurnedAway', ['429', '502', '503', '504'].map((one) => `$.status = "${one}"`).join(' || ')),
    };
  }
}
