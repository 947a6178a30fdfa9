import type { AwsAccess } from '../../lambda/platform/aws-json.ts';
import { dynamoTable, type Table } from '../../lambda/platform/table.ts';
import { accessOfUser } from '../aws-access.ts';
import { commandLine, describeLocalStack, LOCAL_ACCESS, localStackUrl } from '../local-stack.ts';
import type { OperateOptions } from './options.ts';

/** The state table that a command reads and writes, and facts about its stack. */
export interface TableTarget {
  readonly table: Table;
  readonly tableName: string;
  readonly access: AwsAccess;
  /** Name of the target in messages: `the local stack`, or the name of the table. */
  readonly name: string;
  /** Keys of the providers; absent for a deployed table, since a table has no list of the providers. */
  readonly providers?: readonly string[];
  /** Returns a command line that acts on this table. */
  readonly commandLine: (command: string) => string;
  /**
   * For a local stack: how much faster than real time it runs, its current stack time, and the real time at which this speed was
   * set.
   * @default - stack time is real time
   */
  readonly time?: { readonly scale: number; readonly now: number; readonly since: number };
}

/** Finds the state table that the options name. If they name none, finds the table of the running local stack. */
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
    ...named(tables.state, { ...LOCAL_ACCESS, endpoint: endpoints.dynamodb }),
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
