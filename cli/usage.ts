import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Error for a wrong command line; its message says what would be right. The command then ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit code of a command. 0: done. 1: not done. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

export type Variables = Readonly<Record<string, string | undefined>>;

type Options = NonNullable<ParseArgsConfig['options']>;

/** An option with a value. */
export const TEXT = { type: 'string' } as const;
/** An option without a value. */
export const FLAG = { type: 'boolean' } as const;
export const HELP = { type: 'boolean', short: 'h' } as const;

/** Parses a command line. Throws a {@link UsageError} for a wrong option, and for an option that npm took for itself. */
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
  // The command line is parsed without the checks of Node, since Node's error messages do not list the possible options.
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

/** Returns the error message about one option; undefined if the option is right. */
function problemOf({ name, rawName, value, inlineValue }: Given, options: Options): string | undefined {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const known = Object.keys(options).map((one) => `--${one}`);
    return `there is no option ${rawName}; there are ${known.join(', ')}`;
  }
  if (option.type === 'boolean') return value === undefined ? undefined : `${rawName} takes no value`;
  if (value === undefined) return `${rawName} needs a value after it`;
  if (inlineValue || !/^-./.test(value)) return undefined;
  return `${rawName} needs a value, and "${value}" looks like an option; give a value that begins with a hyphen as --${name}=${value}`;
}

/** Options that npm itself also has. The `.npmrc` of a user may set them. */
const OF_NPM = new Set(['json', 'help']);
/** Options that npm 11 takes for an abbreviation of one of its own options, with the name of that option. */
const COMPLETED = new Map([['to', 'token_description']]);

/**
 * Returns the first of these options that npm took for itself because the user forgot "--". npm passes such options on as
 * environment variables.
 */
function takenByNpm(options: readonly string[], environment: Variables): string | undefined {
  return options.find((option) => {
    const name = option.replaceAll('-', '_');
    const names = [name, COMPLETED.get(option) ?? name];
    return !OF_NPM.has(option) && names.some((one) => environment[`npm_config_${one}`] !== undefined);
  });
}

/** For commands that have only options: throws a UsageError if the command line has another argument. */
export function refuseArguments([first]: readonly string[]): void {
  if (first !== undefined) throw new UsageError(`unexpected argument "${first}"; options begin with --`);
}

/** Returns the value of an option that must be a whole number. */
export function wholeNumber(option: string, given: string, least: number, most: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= least && value <= most) return value;
  throw new UsageError(`--${option} takes a whole number from ${least} to ${most}, not "${given}"`);
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Returns, in milliseconds, the value of an option that must be a duration such as 30m, 2h or 3d, from 1 minute to `mostDays`
 * days.
 */
export function milliseconds(option: string, given: string, mostDays: number): number {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const ms = Number(number) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? Number.NaN);
  if (ms >= UNIT_MS.m && ms <= mostDays * UNIT_MS.d) return ms;
  throw new UsageError(`--${option} takes a time from 1m to ${mostDays}d such as 30m, 2h or 3d, not "${given}"`);
}

const ADDRESS = /^[^\s@]+(?:@[^\s@]+)*@[^\s@]+$/u;

/** Checks and returns the e-mail address that is the argument of a command. */
export function addressArgument(command: string, given = ''): string {
  if (ADDRESS.test(given)) return given;
  throw new UsageError(`${command} takes an address such as ada@example.org${given === '' ? '' : `, not "${given}"`}`);
}

/** Returns the content of a file that the command line names. The error message calls the file `name`. */
export function readGiven(file: string, name = file): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${name} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Returns the default name of the operator: the user name and the host name of this machine. */
export function thisUser(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** Prints the help text of a command, for `--help`. */
export function printUsage({ out }: { readonly out: (line: string) => void }, usage: string): ExitCode {
  out(usage);
  return 0;
}

/** Runs a command, and returns its exit code. Prints an error; if the usage was wrong, also prints a hint at `--help`. */
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
