import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as InvokeFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { encodeHealthEnvironment, type InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { checkHealthEnvironmentSize } from '../configuration/environment-size.ts';
import type { ProofKey } from '../storage/proof-key.ts';
import type { StateTable } from '../storage/state-table.ts';
import { healthStatements, tableStatement } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';

const EVERY = Duration.minutes(1);

/** Questions run side by side and end after ten seconds; the rest is for start-up, the table and DNS. */
const FUNCTION_TIMEOUT = Duration.seconds(30);

/** Items of the state table that it reads, and those of them that it writes. */
const READS = ['circuit/*', 'switch/*', 'health/*', 'canary/*', 'tally/*'];
const WRITES = ['health/*', 'canary/*'];

export interface HealthCheckProps {
  /** Those of the list that send. */
  readonly providers: readonly ProviderConfig[];
  /** Canaries of the ways in. */
  readonly inboundCanaries: readonly InboundCanary[];
  /** Proves canaries to the sender. */
  readonly letterKey: ProofKey;
  /** Takes canary mail. */
  readonly outbound: Queue;
  readonly stateTable: StateTable;
  readonly logRetention: RetentionDays;
}

/** The function that asks every minute whether each account may send, and everything that it may do. */
export class HealthFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: HealthCheckProps) {
    super(scope, id);
    checkHealthEnvironmentSize(props.providers, props.inboundCanaries);
    const stack = Stack.of(this);
    this.logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Asks every provider whether its account may send',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundle('lambda/health/handler.ts'),
      handler: HANDLER,
      timeout: FUNCTION_TIMEOUT,
      memorySize: 256,
      environment: encodeHealthEnvironment(
        {
          providers: props.providers,
          inboundCanaries: props.inboundCanaries,
          ...(sendsCanaries(props) && { letterSecret: props.letterKey.secretArn }),
          outboundQueueUrl: props.outbound.queueUrl,
          stateTable: props.stateTable.tableName,
        },
        (value) => stack.toJsonString(value),
      ),
      role: this.role(props),
      logGroup: this.logGroup,
      // The logger writes JSON by itself; Lambda would wrap each of its lines once more.
      loggingFormat: LoggingFormat.TEXT,
      // The next minute asks again. A run that is repeated or kept for later would only give the gauges of a time
      // that is over, so there is nothing to retry and nothing to put on a dead-letter queue.
      retryAttempts: 0,
      maxEventAge: EVERY,
    });
    new Rule(this, 'EveryMinute', {
      description: 'Asks every provider for its health',
      schedule: Schedule.rate(EVERY),
      targets: [new InvokeFunction(this.function, { retryAttempts: 0, maxEventAge: EVERY })],
    });
  }

  private role(props: HealthCheckProps): Role {
    const { providers, outbound, stateTable, letterKey } = props;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'What the health check of Mailover may do',
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem'], READS));
    role.addToPolicy(tableStatement(stateTable, ['PutItem'], WRITES));
    if (sendsCanaries(props)) {
      allow(['sqs:SendMessage'], [outbound.queueArn]);
      role.addToPolicy(letterKey.readStatement());
    }
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    for (const statement of healthStatements(this, providers)) role.addToPolicy(statement);
    if (providers.some(({ type }) => type === 'ses'))
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ses:GetAccount knows no resource; it tells the state of the account and is bound to its regions.',
      });
    return role;
  }
}

function sendsCanaries({ providers, inboundCanaries }: HealthCheckProps): boolean {
  return inboundCanaries.length > 0 || providers.some(({ canary }) => canary !== undefined);
}
