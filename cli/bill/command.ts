import { type ExitCode, printUsage, runCommand } from '../usage.ts';
import { billOf } from './bill.ts';
import type { BilledDeployment } from './deployment.ts';
import { billInWords } from './format.ts';
import { BILL_USAGE, parseBillOptions } from './options.ts';

/** Output and dependencies of one run of the command. */
export interface BillContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly deployment: () => Promise<BilledDeployment>;
}

/** Runs `npm run bill` with its arguments, and returns its exit code. */
export async function billCommand(argv: readonly string[], context: BillContext): Promise<ExitCode> {
  return await runCommand('bill', context, async () => {
    const options = parseBillOptions(argv);
    if (!options) return printUsage(context, `${BILL_USAGE}\n`);
    const bill = billOf(await context.deployment(), options.prices);
    context.out(options.json ? `${JSON.stringify(bill, null, 2)}\n` : billInWords(bill));
    return 0;
  });
}
