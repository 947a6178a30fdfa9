import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { secretNameOf } from '../../lambda/contract/deployment.ts';
import { type MirrorEnvironment, mirrorEnvironment } from '../../lambda/contract/mirror-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { listsStatement, ownListStatements, secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const EVERY = Duration.days(1);
/**
 * Time-out of the function: the longest time-out that Lambda allows. It is needed since SES allows only one change of its
 * suppression list per second.
 */
const FUNCTION_TIMEOUT = Duration.minutes(15);

export interface MirrorProps extends FunctionProps {
  /** The sending providers that post or publish delivery events. */
  readonly providers: readonly ProviderConfig[];
  readonly stateTable: ITable;
  readonly listsTable: ListsTable;
  readonly suppressionKey: SuppressionKey;
  /** Whether recipients can unsubscribe from at least one class of mail. */
  readonly unsubscribes: boolean;
  /** Whether at least one class of mail is also sent to addresses that are suppressed because of a hard bounce. */
  readonly overridesHardBounces: boolean;
}

/**
 * The Lambda function that keeps the suppression list and the providers' own lists equal, and the IAM role of the function. It
 * also carries out the commands of operators about suppressed addresses.
 */
export class MirrorFunction extends MailoverFunction<MirrorEnvironment> {
  constructor(scope: Construct, id: string, props: MirrorProps) {
    const { stateTable, listsTable, suppressionKey, deployment } = props;
    const providers = props.providers
      .filter(({ type }) => definitionOf(type).ownList !== undefined)
      .map((provider) => ({
        key: provider.key,
        type: provider.type,
        options: provider.options,
        ...(definitionOf(provider.type).secretFields.length > 0 && {
          secretName: secretNameOf(provider, deployment.name),
        }),
      }));
    super(scope, id, {
      ...props,
      description: 'Keeps the suppression list and those of the providers equal',
      roleDescription: 'Permissions of the function that keeps the suppression list of Mailover',
      entry: 'lambda/mirror/handler.ts',
      environment: mirrorEnvironment,
      values: {
        providers,
        reporting: props.providers.map(({ key, type }) => ({ key, type })),
        overridesHardBounces: props.overridesHardBounces || undefined,
        stateTable: stateTable.tableName,
        listsTable: listsTable.tableName,
        suppressionSecret: suppressionKey.secretArn,
      },
      smallerEnvironment: 'use fewer providers with events',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 512,
      recursiveLoop: RecursiveLoop.TERMINATE,
      schedule: { id: 'EveryDay', every: EVERY, description: 'Compares the lists of suppressed addresses' },
    });
    const state = ['suppression/*', ...(props.unsubscribes ? ['unsubscribed/*'] : [])];
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], state));
    this.role.addToPolicy(tableStatement(stateTable, ['BatchGetItem'], ['suppression/*', 'tally/*']));
    this.role.addToPolicy(listsStatement(listsTable, ['PutItem', 'DeleteItem'], ['suppressed/*', 'removing/*']));
    this.role.addToPolicy(listsStatement(listsTable, ['Query'], ['suppressed/*', 'suppressing/*', 'removing/*']));
    this.role.addToPolicy(suppressionKey.readStatement());
    const secrets = [...new Set(providers.flatMap(({ secretName }) => secretName ?? []))];
    if (secrets.length > 0) this.role.addToPolicy(secretStatement(Stack.of(this), secrets));
    const { statements, reasons } = ownListStatements(this, props.providers);
    for (const statement of statements) this.role.addToPolicy(statement);
    for (const reason of reasons) this.acknowledge('AwsSolutions-IAM5[Resource::*]', reason);
  }
}
