import { type ExitCode, runCommand } from '../usage.ts';
import { billOf } from './bill.ts';
import type { BilledDeployment } from './deployment.ts';
import { BILL_USAGE, parseBillOptions } from './options.ts';
import { billInWords } from './words.ts';

/** Output and the outside world of one run of the command. */
export interface BillContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly deployment: () => Promise<BilledDeployment>;
}

/** Runs `npm run bill` from its arguments to its exit code. */
export async function billCommand(argv: readonly string[], context: BillContext): Promise<ExitCode> {
  return await runCommand('bill', context, async () => {
    const options = parseBillOptions(argv);
    if (!options) {
      context.out(`${BILL_USAGE}\n`);
      return 0;
    }
    const bill = billOf(await context.deployment(), options.prices);
    context.out(options.json ? `${JSON.stringify(bill, null, 2)}\n` : billInWords(bill));
    return 0;
  });
}
