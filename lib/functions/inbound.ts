import { posix } from 'node:path';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type InboundEnvironment,
  type InboundProvider,
  inboundEnvironment,
} from '../../lambda/contract/inbound-environment.ts';
import type { ReceiptRule } from '../../lambda/providers/provider.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { deploymentName } from '../configuration/deployment-name.ts';
import type { StateTable } from '../storage/state-table.ts';
import { CONSUME, secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';
import { SES_PREFIX, SesReceiving } from './ses-receiving.ts';

/** Time-out just below the 30 s that an HTTP API waits at most, so that providers get the function's own answer. */
const FUNCTION_TIMEOUT = Duration.seconds(29);

/** Key prefix of all objects of received mail in the mail bucket. */
const PREFIX = 'inbound/';

/** Key prefixes of state table items that the function reads and writes: received mail, used tokens, returned canaries. */
const ITEMS = ['inbound/*', 'message-id/*', 'token/*', 'canary/*'];

export interface InboundProps extends FunctionProps {
  /** The providers that receive. */
  readonly providers: readonly InboundProvider[];
  /** The inbound queue. */
  readonly queue: Queue;
  /** The receipt rule by which SES writes mail to the bucket; undefined if none does. */
  readonly receiptRule: ReceiptRule | undefined;
  readonly mailBucket: Bucket;
  readonly stateTable: StateTable;
  readonly memorySize: number;
  /** Requests a second that the HTTP API admits; the rest is answered 429, and the providers post again. */
  readonly rate: number;
}

/** The HTTP API that providers post received mail to, and its function with its role. */
export class InboundFunction extends MailoverFunction<InboundEnvironment> {
  readonly api: HttpApi;
  readonly accessLog: LogGroup;
  /** Counts requests that are larger than Lambda or the API takes; they never reach the function. */
  readonly tooLarge: MetricFilter;
  /** Counts requests that the API answered in place of the function. */
  readonly turnedAway: MetricFilter;
  /** Undefined if SES does not receive mail. */
  readonly ses: SesReceiving | undefined;

  constructor(scope: Construct, id: string, props: InboundProps) {
    const { providers, queue, receiptRule, mailBucket, stateTable } = props;
    super(scope, id, {
      ...props,
      description: 'Takes received mail from the providers',
      roleDescription: 'Permissions of the receiver of Mailover',
      entry: 'lambda/inbound/handler.ts',
      environment: inboundEnvironment,
      values: {
        providers,
        inboundQueueUrl: queue.queueUrl,
        mailBucket: mailBucket.bucketName,
        stateTable: stateTable.tableName,
      },
      smallerEnvironment: 'use fewer receiving providers, or fewer source ranges',
      timeout: FUNCTION_TIMEOUT,
      recursiveLoop: RecursiveLoop.TERMINATE,
    });
    this.accessLog = new LogGroup(this, 'AccessLog', { retention: props.logRetention });
    this.tooLarge = new MetricFilter(this, 'TooLarge', {
      logGroup: this.accessLog,
      metricNamespace: deploymentName(this),
      metricName: 'InboundTooLarge',
      // 413 of the API itself (above 10 MB) or of Lambda (above 6 MB), which the API may answer with another status.
      filterPattern: FilterPattern.literal('{ $.status = "413" || $.integrationStatus = "413" }'),
      metricValue: '1',
    });
    this.turnedAway = new MetricFilter(this, 'TurnedAway', {
      logGroup: this.accessLog,
      metricNamespace: deploymentName(this),
      metricName: 'InboundTurnedAway',
      // 429 above the rate, 502 to 504 for a function that is throttled, broken or late; the function itself answers none of these.
      filterPattern: FilterPattern.literal(
        '{ $.status = "429" || $.status = "502" || $.status = "503" || $.status = "504" }',
      ),
      metricValue: '1',
    });
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowObjects(
      ['s3:PutObject'],
      mailBucket,
      PREFIX,
      'Objects are named by the hash of their content, under one prefix.',
    );
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], ITEMS));
    const secrets = providers.flatMap(({ secretName }) => secretName ?? []);
    if (secrets.length > 0) this.role.addToPolicy(secretStatement(Stack.of(this), secrets));
    this.api = this.httpApi(props);
    this.ses = receiptRule && new SesReceiving(this, 'Ses', { rule: receiptRule, mailBucket, receiver: this.function });
    if (this.ses === undefined) return;
    this.allow(CONSUME, [this.ses.queue.queueArn]);
    this.allowObjects(['s3:GetObject'], mailBucket, SES_PREFIX, 'SES names the objects, all under one prefix.');
  }

  private httpApi({ providers, rate }: InboundProps): HttpApi {
    const api = new HttpApi(this, 'Api', {
      apiName: deploymentName(this),
      description: 'Takes received mail from the providers',
      createDefaultStage: false,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: 2 * rate },
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
    const integration = new HttpLambdaIntegration('Function', this.function);
    const ends = providers.flatMap(({ type }) => {
      const { inbound } = definitionOf(type);
      return inbound?.over === 'http' ? (inbound.pathEnds ?? []) : [];
    });
    for (const path of ['', ...new Set(ends)].map((end) => posix.join('/inbound/{key}/{path}', end)))
      for (const route of api.addRoutes({
        path,
        methods: [HttpMethod.POST],
        integration,
        authorizer: new HttpNoneAuthorizer(),
      }))
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: 'Providers sign within the body or send a password: the function checks both, no authorizer could.',
        });
    stage.node.addDependency(this.accessLog);
    return api;
  }
}
