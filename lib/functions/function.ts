import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as InvokeFunction } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Alias,
  Architecture,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  type RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type DeploymentEnvironment, deploymentEnvironment } from '../../lambda/contract/deployment.ts';
import type { EnvironmentCodec } from '../../lambda/contract/environment-codec.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Releases } from '../configuration/releases.ts';
import { encryptionKey, keyStatement } from '../storage/encryption.ts';
import { nagName } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';
import { checkEnvironmentSize } from './environment-size.ts';
import type { Network } from './network.ts';

/** Properties of every function of Mailover. */
export interface FunctionProps {
  /** VPC and subnets in which the function runs; undefined if the function runs outside of a VPC. */
  readonly network: Network | undefined;
  /** KMS keys of the data that the function reads and writes. */
  readonly keys: readonly IKey[];
  readonly logRetention: RetentionDays;
  /** How a new version of the sender, the receiver and the events function replaces the previous version. */
  readonly releases: Releases;
  /** Values of the deployment that all functions get in their environment variables. */
  readonly deployment: DeploymentEnvironment;
}

interface Declaration<Values> extends FunctionProps {
  readonly description: string;
  readonly roleDescription: string;
  /** Path of the source file with the handler, relative to the root of the repository. */
  readonly entry: string;
  readonly environment: EnvironmentCodec<Values>;
  readonly values: Values;
  /**
   * Advice on how to make the environment variables of the function smaller. It is a part of the error message if they may become
   * larger than Lambda allows.
   */
  readonly smallerEnvironment: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  /**
   * Whether Lambda stops a recursive loop, in which messages of the function invoke the function again
   * (docs/adr/0017-loop-detection.md).
   */
  readonly recursiveLoop: RecursiveLoop;
  /**
   * Number of concurrent invocations that are reserved for the function. It is also the largest number of concurrent invocations.
   * @default - the function shares the concurrency of the AWS account
   */
  readonly reservedConcurrency?: number | undefined;
  /**
   * Whether new versions of the function may be released gradually. Set for the sender, the function that receives mail, and the
   * function that receives delivery events.
   * @default - a new version gets all invocations immediately
   */
  readonly isReleased?: true;
  /**
   * Interval at which the function is invoked. A run that fails or is late is not repeated, since the next run does the same
   * work.
   * @default - no schedule: other event sources, which the construct of the function creates, invoke the function
   */
  readonly schedule?: { readonly id: string; readonly every: Duration; readonly description: string };
}

/**
 * The base class of all Lambda functions of Mailover. It creates the function with its runtime, role, log group, bundle and
 * environment variables. No other code of Mailover creates Lambda functions.
 *
 * The base class lets the role write to the log group of the function, use the KMS keys in `keys`, and, with a VPC, lets Lambda
 * create network interfaces. Each derived class adds the other permissions that its function needs.
 */
export abstract class MailoverFunction<Values> extends Construct {
  readonly function: LambdaFunction;
  /**
   * Alias that is invoked. It refers to the current version and, during a release, to the new version. Undefined if the function
   * is not released gradually.
   */
  readonly alias: Alias | undefined;
  readonly logGroup: LogGroup;
  protected readonly role: Role;

  /** @throws ConfigurationError if the environment variables may become larger than Lambda allows */
  constructor(scope: Construct, id: string, declaration: Declaration<Values>) {
    super(scope, id);
    const { environment, values, schedule } = declaration;
    checkEnvironmentSize(
      id,
      { ...environment.encode(values), ...deploymentEnvironment.encode(declaration.deployment) },
      declaration.smallerEnvironment,
    );
    const key = encryptionKey(this);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: declaration.logRetention,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      ...defined({ encryptionKey: key }),
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: declaration.roleDescription,
    });
    if (declaration.keys.length > 0) this.role.addToPolicy(keyStatement(this, declaration.keys));
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    if (declaration.network) this.allowInterfaces();
    this.function = new LambdaFunction(this, 'Function', {
      description: declaration.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundle(declaration.entry),
      handler: HANDLER,
      timeout: declaration.timeout,
      memorySize: declaration.memorySize,
      environment: {
        ...environment.encode(values, (value) => Stack.of(this).toJsonString(value)),
        ...deploymentEnvironment.encode(declaration.deployment),
      },
      role: this.role,
      logGroup: this.logGroup,
      // The logger of the function writes JSON. With the logging format JSON, Lambda would put each log line into another JSON
      // object.
      loggingFormat: LoggingFormat.TEXT,
      ...declaration.network,
      recursiveLoop: declaration.recursiveLoop,
      ...defined({ reservedConcurrentExecutions: declaration.reservedConcurrency }),
      ...(schedule && { retryAttempts: 0, maxEventAge: eventAge(schedule.every) }),
    });
    this.alias =
      declaration.isReleased && declaration.releases === 'gradual'
        ? new Alias(this, 'Alias', { aliasName: 'current', version: this.function.currentVersion as IVersion })
        : undefined;
    if (schedule)
      new Rule(this, schedule.id, {
        description: schedule.description,
        schedule: Schedule.rate(schedule.every),
        targets: [new InvokeFunction(this.function, { retryAttempts: 0, maxEventAge: eventAge(schedule.every) })],
      });
  }

  /** What queues and the HTTP API must invoke: the alias, or the function itself if it has no alias. */
  protected get invoked(): IFunction {
    return (this.alias ?? this.function) as IFunction;
  }

  /**
   * Allows the Lambda service to create network interfaces in the VPC. The service and the code of the function use the same
   * role, so a second statement denies these actions to the code.
   */
  private allowInterfaces(): void {
    const interfaces = {
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    };
    this.role.addToPolicy(new PolicyStatement(interfaces));
    // A call by the code of the function has the ARN of the function in this condition key. A call by the Lambda service does not
    // have the key (docs.aws.amazon.com/lambda, permissions-source-function-arn, 2026-11-29).
    this.role.addToPolicy(
      new PolicyStatement({
        ...interfaces,
        effect: Effect.DENY,
        conditions: {
          ArnLike: { 'lambda:SourceFunctionArn': `arn:${Stack.of(this).partition}:lambda:*:*:function:*` },
        },
      }),
    );
    this.acknowledge(
      'AwsSolutions-IAM5[Resource::*]',
      'Lambda makes network interfaces in the subnets with the role of the function; their names are not known before.',
    );
  }

  protected allow(actions: string[], resources: string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions, resources }));
  }

  /** Allows actions on all S3 objects under a prefix. `reason` says why the permission cannot name single objects. */
  protected allowObjects(actions: string[], bucket: IBucket, prefix: string, reason: string): void {
    this.allow(actions, [bucket.arnForObjects(`${prefix}*`)]);
    this.acknowledge(`AwsSolutions-IAM5[Resource::${nagName(this, bucket.bucketArn)}/${prefix}*]`, reason);
  }

  /** Marks a finding of cdk-nag about the role as accepted. */
  protected acknowledge(id: string, reason: string): void {
    Validations.of(this.role).acknowledge({ id, reason });
  }
}

/**
 * Returns the age at which Lambda drops a scheduled event: the interval of the schedule, but at most the six hours that Lambda
 * allows.
 */
function eventAge(every: Duration): Duration {
  return every.toHours({ integral: false }) > 6 ? Duration.hours(6) : every;
}
