import type { AwsAccess } from '../../lambda/platform/aws-json.ts';
import { dynamoTable, type Table } from '../../lambda/platform/table.ts';
import { accessOfUser } from '../aws-access.ts';
import { commandLine, describeLocalStack, localStackUrl } from '../local-stack.ts';
import type { OperateOptions } from './options.ts';

/** The state table to write to, and its stack. */
export interface TableTarget {
  readonly table: Table;
  readonly tableName: string;
  readonly access: AwsAccess;
  /** Name for messages: `the local stack`, or the table's name. */
  readonly name: string;
  /** Keys of the providers; absent for a deployed table, which does not list them. */
  readonly providers?: readonly string[];
  /** A command line that acts on this table. */
  readonly commandLine: (command: string) => string;
  /** Time scale of the local stack, the stack time now, and the clock time at which that scale was set. @default - stack time is clock time */
  readonly time?: { readonly scale: number; readonly now: number; readonly since: number };
}

/** Finds the table that the options name, or that of the running local stack. */
export async function findTable(
  { table, region }: Pick<OperateOptions, 'table' | 'region'>,
  port: string | undefined,
): Promise<TableTarget> {
  if (table !== undefined)
    return {
      ...named(table, await accessOfUser(region)),
      name: `table ${table}`,
      commandLine: (command) => `${command} --table ${table}${region ? ` --region ${region}` : ''}`,
    };
  const base = localStackUrl(port);
  const { tables, endpoints, providers } = await describeLocalStack(base, '--table NAME');
  if (tables?.state === undefined || endpoints.dynamodb === undefined)
    throw new Error(`the local stack at ${base} has no state table`);
  return {
    ...named(tables.state, {
      endpoint: endpoints.dynamodb,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    name: 'the local stack',
    commandLine: (command) => commandLine(command, port),
    providers: providers.map(({ key }) => key),
    time: await timeOf(base),
  };
}

function named(tableName: string, access: AwsAccess) {
  return { table: dynamoTable(tableName, access), tableName, access };
}

async function timeOf(base: string): Promise<NonNullable<TableTarget['time']>> {
  const answer = await (await fetch(`${base}/api/time`)).json();
  const { scale, stackTime, since } = answer as { scale: number; stackTime: string; since: string };
  return { scale, now: Date.parse(stackTime), since: Date.parse(since) };
}
