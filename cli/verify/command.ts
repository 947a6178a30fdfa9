import { defined } from '../../lambda/platform/defined.ts';
import { readSecret } from '../../lambda/platform/secrets.ts';
import { addressHashes } from '../../lambda/suppression/hash.ts';
import { verifiedRecipients } from '../../lambda/suppression/verified.ts';
import { describeLocalStack, localStackUrl } from '../local-stack.ts';
import { findTable, type TableTarget } from '../operate/target.ts';
import {
  addressArgument,
  type ExitCode,
  FLAG,
  HELP,
  parseArguments,
  printUsage,
  runCommand,
  TEXT,
  UsageError,
  type Variables,
} from '../usage.ts';

const USAGE = `npm run verify -- ADDRESS [options]

Verifies a recipient: classes with verifiedRecipients then send all their mail to it. Waiting mail is sent at its next try.

  --table NAME         a deployed state table (stack output StateTableName) instead of the local stack
  --secret ARN         secret of the suppression list (stack output SuppressionSecret); goes with --table
  --region REGION      region of the table and the secret (default: as the AWS SDK finds it)
  --json               prints the result as JSON

Exit code: 0 verified now or before, 1 not done, 2 wrong usage.`;

/** Name of the secret in the local stack that contains the key of the suppression list. */
const LOCAL_SECRET = 'mailover-suppression-secret';

interface Options {
  readonly address: string;
  readonly table?: string;
  readonly secret?: string;
  readonly region?: string;
  readonly json: boolean;
}

/** Runs `npm run verify` with its arguments, and returns its exit code. */
export function verifyCommand(
  argv: readonly string[],
  environment: Variables,
  terminal: { readonly out: (line: string) => void; readonly err: (text: string) => void },
): Promise<ExitCode> {
  return runCommand('verify', terminal, async () => {
    const options = parse(argv);
    if (!options) return printUsage(terminal, USAGE);
    const port = environment['MAILOVER_PORT'];
    const target = await findTable(options, port);
    const secret = await secretOf(options, target, port);
    const recipients = verifiedRecipients(target.table, addressHashes({ read: async () => secret }, ''), Date.now);
    const isNew = await recipients.verify(options.address);
    const { address } = options;
    if (options.json) terminal.out(JSON.stringify({ address, verified: true, before: !isNew }, null, 2));
    else terminal.out(`${address} ${isNew ? 'is verified' : 'was verified before'} (${target.name})`);
    return 0;
  });
}

/** Reads the secret of the suppression list, which contains the key for the hashes of addresses. */
async function secretOf({ secret, table }: Options, { access }: TableTarget, port: string | undefined) {
  if (table !== undefined) return await readSecret(secret ?? '', access);
  const { endpoints } = await describeLocalStack(localStackUrl(port));
  return await readSecret(LOCAL_SECRET, { ...access, endpoint: endpoints.aws });
}

function parse(argv: readonly string[]): Options | undefined {
  const { values, positionals } = parseArguments(argv, {
    table: TEXT,
    secret: TEXT,
    region: TEXT,
    json: FLAG,
    help: HELP,
  });
  if (values.help) return undefined;
  const [given, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`give one address, not ${positionals.length}`);
  const address = addressArgument('verify', given);
  const { table, secret, region, json = false } = values;
  if ((table === undefined) !== (secret === undefined)) throw new UsageError('--table and --secret go together');
  if (region !== undefined && table === undefined) throw new UsageError('--region goes with --table NAME');
  return { address, json, ...defined({ table, secret, region }) };
}
