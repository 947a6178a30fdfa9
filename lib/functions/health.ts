import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type HealthEnvironment,
  healthEnvironment,
  type InboundCanary,
  type RetryQueueNames,
} from '../../lambda/contract/health-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import type { ProofKey } from '../storage/proof-key.ts';
import { type Queues, RETRY_QUEUE } from '../storage/queues.ts';
import { healthReasons, healthStatements, listsStatement, nagName, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const EVERY = Duration.minutes(1);

/**
 * Time-out of the function. Requests to providers run concurrently and end after at most ten seconds, and queries of DNS
 * blocklists end after at most 15 s. The rest of the time is for the start of the process and for the state table.
 */
const FUNCTION_TIMEOUT = Duration.seconds(30);

/** Key prefixes of the items in the state table that the function reads, and of the items that it also writes. */
const READS = ['circuit/*', 'switch/*', 'health/*', 'canary/*', 'tally/*'];
const WRITES = ['health/*', 'canary/*'];

export interface HealthCheckProps extends FunctionProps {
  /** The providers that send. */
  readonly providers: readonly ProviderConfig[];
  /** The canaries of the receiving providers. */
  readonly inboundCanaries: readonly InboundCanary[];
  /** Secret key of the signatures (proofs) by which the sender recognises canaries (test mails). */
  readonly proofKey: ProofKey;
  /**
   * The queues. Canaries are sent to the outbound queue. By the names of the retry queues, the function finds the retry queues of
   * providers that were removed from the list.
   */
  readonly queues: Queues;
  readonly stateTable: ITable;
  readonly routes: readonly RouteConfig[];
  /** The providers that post or publish delivery events. */
  readonly reporting: readonly { readonly key: string; readonly type: string }[];
  /** Table with the bounces and complaints of each class of mail; undefined if no class of mail is ever paused. */
  readonly listsTable: ListsTable | undefined;
}

/**
 * The Lambda function for the health check, and the IAM role of the function. Every minute it checks whether each provider
 * account may send. It also sends canaries, queries DNS blocklists, and pauses classes of mail.
 */
export class HealthFunction extends MailoverFunction<HealthEnvironment> {
  constructor(scope: Construct, id: string, props: HealthCheckProps) {
    const { providers, inboundCanaries, proofKey, queues, stateTable, listsTable } = props;
    super(scope, id, {
      ...props,
      description: 'Asks every provider whether its account may send',
      roleDescription: 'Permissions of the health check of Mailover',
      entry: 'lambda/health/handler.ts',
      environment: healthEnvironment,
      values: {
        providers,
        inboundCanaries: inboundCanaries.length > 0 ? inboundCanaries : undefined,
        proofSecret: sendsCanaries(props) ? proofKey.secretArn : undefined,
        outboundQueueUrl: queues.outbound.queueUrl,
        retryQueueNames: namesOf(queues),
        stateTable: stateTable.tableName,
        listsTable: listsTable?.tableName,
        reporting: listsTable && props.reporting.map(({ key, type }) => ({ key, type })),
        pauseAbove: listsTable && pauseAbove(props.routes),
      },
      smallerEnvironment: 'use fewer providers, or fewer addresses and zones of blocklists',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 256,
      recursiveLoop: RecursiveLoop.TERMINATE,
      schedule: { id: 'EveryMinute', every: EVERY, description: 'Asks every provider for its health' },
    });
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem'], READS));
    this.role.addToPolicy(tableStatement(stateTable, ['PutItem'], WRITES));
    if (listsTable) {
      this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], ['paused-classes']));
      this.role.addToPolicy(listsStatement(listsTable, ['Query'], ['classes/*', 'suppressing/*']));
    }
    if (sendsCanaries(props)) {
      this.allow(['sqs:SendMessage'], [queues.outbound.queueArn]);
      this.role.addToPolicy(proofKey.readStatement());
    }
    this.allowCounting(namesOf(queues));
    for (const statement of healthStatements(this, providers)) this.role.addToPolicy(statement);
    for (const reason of healthReasons(providers)) this.acknowledge('AwsSolutions-IAM5[Resource::*]', reason);
  }

  private allowCounting(names: RetryQueueNames | undefined): void {
    if (names === undefined) return;
    const arn = Stack.of(this).formatArn({ service: 'sqs', resource: `${names.prefix}*` });
    this.allow(['sqs:ListQueues'], ['*']);
    this.allow(['sqs:GetQueueAttributes'], [arn]);
    this.acknowledge('AwsSolutions-IAM5[Resource::*]', 'SQS lists the queues of an account, not single ones.');
    this.acknowledge(
      `AwsSolutions-IAM5[Resource::${nagName(this, arn)}]`,
      'Queues of removed providers are no part of the stack, so that only the beginning of their names is known.',
    );
  }
}

/** Returns the names of the retry queues; undefined if the name of the stack is not known at synth. */
function namesOf(queues: Queues): RetryQueueNames | undefined {
  const { stackName } = Stack.of(queues);
  if (Token.isUnresolved(stackName)) return undefined;
  const all = [...queues.retry.values()];
  const logicalIds = all.map((queue) => Stack.of(queue).getLogicalId(queue.node.defaultChild as CfnQueue));
  // A logical id begins with the path of the construct without slashes and hyphens. So the logical ids of all retry queues begin
  // with the same text, which ends in `QueuesRetry`. CloudFormation puts the logical id into the name of the queue.
  const [prefix = ''] = logicalIds.map((id) =>
    id.slice(0, id.indexOf(`Queues${RETRY_QUEUE}`) + `Queues${RETRY_QUEUE}`.length),
  );
  return { prefix: `${stackName}-${prefix}`, present: all.map(({ queueName }) => queueName) };
}

/**
 * Returns the option `pauseAbove` of each class of mail that sets this option, by class; undefined if no class sets the option.
 */
function pauseAbove(routes: readonly RouteConfig[]): HealthEnvironment['pauseAbove'] {
  const own = routes.flatMap((route) => (route.pauseAbove === undefined ? [] : [[route.class, route.pauseAbove]]));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

function sendsCanaries({ providers, inboundCanaries }: HealthCheckProps): boolean {
  return inboundCanaries.length > 0 || providers.some(({ canary }) => canary !== undefined);
}
