import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line is wrong; the message says what would be right. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** 0: done. 1: not done. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

export type Variables = Readonly<Record<string, string | undefined>>;

type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses a command line; a wrong option is a {@link UsageError}, and so are options that npm took for its own. */
export function parseArguments<O extends Options>(
  argv: readonly string[],
  options: O,
  environment: Variables = process.env,
) {
  const taken = takenByNpm(Object.keys(options), environment);
  if (taken)
    throw new UsageError(
      `npm took --${taken} for itself: options come after "--", as in npm run ${environment['npm_lifecycle_event'] ?? 'NAME'} -- --${taken} …`,
    );
  const args = [...argv];
  // Node's own messages do not say which options there are.
  const { tokens } = parseArgs({ args, allowPositionals: true, options, strict: false, tokens: true });
  for (const token of tokens) {
    const problem = token.kind === 'option' && problemOf(token, options);
    if (problem) throw new UsageError(problem);
  }
  return parseArgs({ args, allowPositionals: true, options });
}

interface Given {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** What is wrong with one option; undefined if nothing is. */
function problemOf({ name, rawName, value, inlineValue }: Given, options: Options): string | undefined {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const known = Object.keys(options).map((one) => `--${one}`);
    return `there is no option ${rawName}; there are ${known.join(', ')}`;
  }
  if (option.type === 'boolean') return value === undefined ? undefined : `${rawName} takes no value`;
  if (value === undefined) return `${rawName} needs a value after it`;
  if (inlineValue || !/^-./.test(value)) return undefined;
  return `${rawName} needs a value, and "${value}" looks like an option; a value that begins so is given as --${name}=${value}`;
}

/** Options that npm itself has, so that a user's `.npmrc` may set them. */
const OF_NPM = new Set(['json', 'help']);
/** npm completes an option to one of its own that begins so (npm 11). */
const COMPLETED = new Map([['to', 'token_description']]);

/** The first of these options that npm took, because "--" was forgotten; npm hands them over as variables. */
function takenByNpm(options: readonly string[], environment: Variables): string | undefined {
  return options.find((option) => {
    const name = option.replaceAll('-', '_');
    const names = [name, COMPLETED.get(option) ?? name];
    return !OF_NPM.has(option) && names.some((one) => environment[`npm_config_${one}`] !== undefined);
  });
}

/** Refuses arguments of a command that has only options. */
export function refuseArguments([first]: readonly string[]): void {
  if (first !== undefined) throw new UsageError(`unexpected argument "${first}"; options begin with --`);
}

/** The value of an option that takes a whole number. */
export function wholeNumber(option: string, given: string, least: number, most: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= least && value <= most) return value;
  throw new UsageError(`--${option} takes a whole number from ${least} to ${most}, not "${given}"`);
}

/** Runs a command to its exit code; an error is printed, with a hint at the help if the usage was wrong. */
export async function runCommand(
  name: string,
  { err }: { readonly err: (text: string) => void },
  work: () => Promise<ExitCode>,
  help = `npm run ${name} -- --help`,
): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof UsageError)) {
      err(`${name}: ${message}\n`);
      return 1;
    }
    err(`${name}: ${message}\n${name}: "${help}" lists the options\n`);
    return 2;
  }
}
