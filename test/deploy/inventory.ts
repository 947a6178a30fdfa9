import { join } from 'node:path';
import type { DeployedApi } from '../../local/template/apis.ts';
import type { DeployedFunction, DeployedMapping } from '../../local/template/deployed.ts';
import type { TestAccount } from './account.ts';
import type { Policy } from './policy.ts';

/** A deployed Lambda function. Its code is unpacked into a folder, and `credentials` are those of its role. */
export interface InventoryFunction extends DeployedFunction {
  readonly logicalId: string;
  readonly arn: string;
  readonly role: string;
  readonly policies: readonly Policy[];
  readonly credentials: Readonly<Record<string, string>>;
}

/** A deployed stack, and all queues, tables, buckets, log groups, secrets and topics of its account. */
export interface Inventory {
  readonly stack: readonly { readonly StackStatus: string; readonly Tags: readonly { Key: string; Value: string }[] }[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Resources of the stack by logical id. */
  readonly resources: Readonly<Record<string, { readonly id: string; readonly type: string }>>;
  readonly functions: readonly InventoryFunction[];
  readonly apis: readonly DeployedApi[];
  /** Names of the functions that EventBridge invokes on a schedule. */
  readonly schedules: readonly string[];
  readonly mappings: readonly (DeployedMapping & { readonly id: string })[];
  readonly queues: readonly {
    readonly url: string;
    readonly arn: string;
    readonly attributes: Record<string, string>;
  }[];
  readonly tables: readonly string[];
  readonly buckets: readonly string[];
  readonly logGroups: readonly string[];
  readonly secrets: readonly string[];
  readonly topics: readonly string[];
}

/** Reads a deployed stack and its account. If there is no stack with this name, the list `stack` is empty. */
export async function inventory(account: TestAccount, stackName = 'Mailover'): Promise<Inventory> {
  const script = join(import.meta.dirname, 'moto/inventory.py');
  return JSON.parse(
    await account.run(`"${account.python}" "${script}" ${stackName} "${account.directory}"`),
  ) as Inventory;
}
