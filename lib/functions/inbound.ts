import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { encodeInboundEnvironment, type InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import { NAMESPACE } from '../../lambda/contract/metrics.ts';
import type { SesInboundOptions } from '../../lambda/contract/providers.ts';
import { checkInboundEnvironmentSize } from '../configuration/environment-size.ts';
import type { StateTable } from '../storage/state-table.ts';
import { CONSUME, secretStatement, tableStatement } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';
import { SES_PREFIX, SesReceiving } from './ses-receiving.ts';

/** Just under the 30 s that an HTTP API waits for a function at most, so that our own answer is the one that counts. */
const FUNCTION_TIMEOUT = Duration.seconds(29);

/** Everything that received mail leaves in the mail bucket lies under this. */
const PREFIX = 'inbound/';

/** Items of the state table that it reads and writes: mail that arrived, tokens that were used, canaries that came back. */
const ITEMS = ['inbound/*', 'message-id/*', 'token/*', 'canary/*'];

export interface InboundProps {
  /** Those of the list that receive. */
  readonly providers: readonly InboundProvider[];
  /** The inbound queue. */
  readonly queue: Queue;
  /** How SES receives, if it does. */
  readonly ses: SesInboundOptions | undefined;
  readonly mailBucket: Bucket;
  readonly stateTable: StateTable;
  readonly memorySize: number;
  /** Requests a second that the HTTP API lets through; the rest is answered 429, and comes again. */
  readonly rate: number;
  readonly logRetention: RetentionDays;
}

/** The HTTP API that providers post received mail to, the function behind it, and everything that it may do. */
export class InboundFunction extends Construct {
  readonly api: HttpApi;
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly accessLog: LogGroup;
  /** Counts requests that are larger than Lambda or the API takes; they never reach the function. */
  readonly tooLarge: MetricFilter;
  /** Counts requests that the API answered in place of the function. */
  readonly turnedAway: MetricFilter;
  /** There only if SES receives mail. */
  readonly ses: SesReceiving | undefined;

  constructor(scope: Construct, id: string, props: InboundProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    this.accessLog = new LogGroup(this, 'AccessLog', { retention: props.logRetention });
    this.tooLarge = new MetricFilter(this, 'TooLarge', {
      logGroup: this.accessLog,
      metricNamespace: NAMESPACE,
      metricName: 'InboundTooLarge',
      // 413 of the API itself (above 10 MB) or of Lambda (above 6 MB), which the API may tell with another status.
      filterPattern: FilterPattern.literal('{ $.status = "413" || $.integrationStatus = "413" }'),
      metricValue: '1',
    });
    this.turnedAway = new MetricFilter(this, 'TurnedAway', {
      logGroup: this.accessLog,
      metricNamespace: NAMESPACE,
      metricName: 'InboundTurnedAway',
      // 429 above the rate, 502 to 504 of a function that is throttled, broken or late: it never answers any of these.
      filterPattern: FilterPattern.literal(
        '{ $.status = "429" || $.status = "502" || $.status = "503" || $.status = "504" }',
      ),
      metricValue: '1',
    });
    const stack = Stack.of(this);
    const role = this.role(props);
    checkInboundEnvironmentSize(props.providers);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Takes received mail from the providers',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundle('lambda/inbound/handler.ts'),
      handler: HANDLER,
      timeout: FUNCTION_TIMEOUT,
      memorySize: props.memorySize,
      environment: encodeInboundEnvironment(
        {
          providers: props.providers,
          inboundQueueUrl: props.queue.queueUrl,
          mailBucket: props.mailBucket.bucketName,
          stateTable: props.stateTable.tableName,
        },
        (value) => stack.toJsonString(value),
      ),
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.TEXT,
    });
    this.api = this.httpApi(props);
    const { ses, mailBucket } = props;
    this.ses = ses && new SesReceiving(this, 'Ses', { options: ses, mailBucket, receiver: this.function });
    if (this.ses) this.readFromSes(role, this.ses, mailBucket);
  }

  private readFromSes(role: Role, { queue }: SesReceiving, mailBucket: Bucket): void {
    role.addToPolicy(new PolicyStatement({ actions: CONSUME, resources: [queue.queueArn] }));
    role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [mailBucket.arnForObjects(`${SES_PREFIX}*`)] }),
    );
    const bucketId = Stack.of(this).getLogicalId(mailBucket.node.defaultChild as CfnBucket);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${SES_PREFIX}*]`,
      reason: 'SES names the objects, all under one prefix.',
    });
  }

  private httpApi({ rate }: InboundProps): HttpApi {
    const api = new HttpApi(this, 'Api', {
      description: 'Takes received mail from the providers',
      createDefaultStage: false,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: 2 * rate },
      // Never the path: a part of it is as good as a password.
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
    // Mailgun posts raw MIME to addresses that end in `mime`, which is why the form is told by the path.
    for (const path of ['/inbound/{key}/{path}', '/inbound/{key}/{path}/mime', '/inbound/{key}/{path}/store'])
      for (const route of api.addRoutes({
        path,
        methods: [HttpMethod.POST],
        integration,
        authorizer: new HttpNoneAuthorizer(),
      }))
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'Mailgun signs within the body and Postmark sends a password: the function checks both, no authorizer could.',
        });
    stage.node.addDependency(this.accessLog);
    return api;
  }

  private role({ queue, mailBucket, stateTable, providers }: InboundProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'What the receiver of Mailover may do',
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    const secrets = providers.flatMap(({ secretName }) => secretName ?? []);
    allow(['sqs:SendMessage'], [queue.queueArn]);
    allow(['s3:PutObject'], [mailBucket.arnForObjects(`${PREFIX}*`)]);
    role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], ITEMS));
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    if (secrets.length > 0) role.addToPolicy(secretStatement(Stack.of(this), secrets));
    const bucketId = Stack.of(this).getLogicalId(mailBucket.node.defaultChild as CfnBucket);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${PREFIX}*]`,
      reason: 'Objects are named by the hash of what they hold, all under one prefix.',
    });
    return role;
  }
}
