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
import type { Network } from '../configuration/network.ts';
import type { Releases } from '../configuration/releases.ts';
import { encryptionKey, keyStatement } from '../storage/encryption.ts';
import { nagName } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';
import { checkEnvironmentSize } from './environment-size.ts';

/** Properties of every function of Mailover. */
export interface FunctionProps {
  /** VPC that it runs in; undefined for Lambda's own network. */
  readonly network: Network | undefined;
  /** Keys of what it reads and writes. */
  readonly keys: readonly IKey[];
  readonly logRetention: RetentionDays;
  /** How a new version of the sender, the receiver and the events function replaces the previous version. */
  readonly releases: Releases;
  /** Values of the deployment that all functions get. */
  readonly deployment: DeploymentEnvironment;
}

interface Declaration<Values> extends FunctionProps {
  readonly description: string;
  readonly roleDescription: string;
  /** Source file with the handler, from the root of the repository. */
  readonly entry: string;
  readonly environment: EnvironmentCodec<Values>;
  readonly values: Values;
  /** Advice on making its environment smaller, for the error when the environment is larger than Lambda allows. */
  readonly smallerEnvironment: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  /** Whether Lambda ends chains of its own messages (docs/adr/0017-loop-detection.md). */
  readonly recursiveLoop: RecursiveLoop;
  /**
   * Invocations at a time that are reserved for it, and are its limit.
   * @default - shares the concurrency of the account
   */
  readonly reservedConcurrency?: number | undefined;
  /** Whether new versions of the function may be released gradually: for functions that process mail, or what cannot be repeated. */
  readonly isReleased?: true;
  /**
   * Invokes the function at this interval. A run that fails or is late is not repeated: the next run does its work.
   * @default - no schedule: events from the sources of its construct invoke it
   */
  readonly schedule?: { readonly id: string; readonly every: Duration; readonly description: string };
}

/**
 * The only place where a Lambda function is made: its runtime, role, log group, bundle and environment.
 *
 * Its role may write to its log group and nothing else until the construct allows more.
 */
export abstract class MailoverFunction<Values> extends Construct {
  readonly function: LambdaFunction;
  /** Alias of the version that is invoked; undefined where a new version gets all invocations at once. */
  readonly alias: Alias | undefined;
  readonly logGroup: LogGroup;
  protected readonly role: Role;

  /** @throws ConfigurationError if the environment may become larger than Lambda allows */
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
      // The logger writes JSON by itself; Lambda would wrap each of its lines in JSON again.
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

  /** What queues and the HTTP API invoke: the alias, or the function itself. */
  protected get invoked(): IFunction {
    return (this.alias ?? this.function) as IFunction;
  }

  /** Lets Lambda, and not the code of the function, make network interfaces in the VPC. */
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
    // Calls of the code have the function in this key (docs.aws.amazon.com/lambda, permissions-source-function-arn, 2026-11-29).
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

  /** Allows actions on all objects under a prefix; `reason` is why not on single ones. */
  protected allowObjects(actions: string[], bucket: IBucket, prefix: string, reason: string): void {
    this.allow(actions, [bucket.arnForObjects(`${prefix}*`)]);
    this.acknowledge(`AwsSolutions-IAM5[Resource::${nagName(this, bucket.bucketArn)}/${prefix}*]`, reason);
  }

  /** Accepts a finding of cdk-nag about the role. */
  protected acknowledge(id: string, reason: string): void {
    Validations.of(this.role).acknowledge({ id, reason });
  }
}

/** Age from which a scheduled event is dropped: the interval, at most the six hours that Lambda allows. */
function eventAge(every: Duration): Duration {
  return every.toHours({ integral: false }) > 6 ? Duration.hours(6) : every;
}
