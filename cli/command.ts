import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { StackInfo } from '../local/api/stack-info.ts';

/** The command line is wrong; the message says what would be right. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** 0: done. 1: not done. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

type Environment = Readonly<Record<string, string | undefined>>;

/** Parses a command line; a wrong option is a {@link UsageError}, and so are options that npm took for its own. */
export function parseArguments<O extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  options: O,
  environment: Environment = process.env,
) {
  const taken = takenByNpm(Object.keys(options), environment);
  if (taken)
    throw new UsageError(
      `npm took --${taken} for itself: options come after "--", as in npm run ${environment['npm_lifecycle_event'] ?? 'NAME'} -- --${taken} …`,
    );
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Options that npm itself has, so that a user's `.npmrc` may set them. */
const OF_NPM = new Set(['json', 'help']);
/** npm completes an option to one of its own that begins so (npm 11). */
const COMPLETED = new Map([['to', 'token_description']]);

/** The first of these options that npm took, because "--" was forgotten; npm hands them over as variables. */
function takenByNpm(options: readonly string[], environment: Environment): string | undefined {
  return options.find((option) => {
    const name = option.replaceAll('-', '_');
    const names = [name, COMPLETED.get(option) ?? name];
    return !OF_NPM.has(option) && names.some((one) => environment[`npm_config_${one}`] !== undefined);
  });
}

/** A command line to copy, for the local stack at this port (that of MAILOVER_PORT). */
export function commandLine(command: string, port: string | undefined): string {
  return port === undefined || port === '4700' ? command : `MAILOVER_PORT=${port} ${command}`;
}

/**
 * Address of the local stack's console and API; `port` is that of MAILOVER_PORT.
 *
 * @throws UsageError if it is no port
 */
export function localStackUrl(port = '4700'): string {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_000)
    throw new UsageError(`MAILOVER_PORT is ${JSON.stringify(port)}; it must be a whole number from 1 to 65000`);
  return `http://127.0.0.1:${port}`;
}

/**
 * The description of the running local stack.
 *
 * @param instead - an option that names a deployed resource in its place
 * @throws Error if no stack answers there, or it is not ready
 */
export async function describeLocalStack(base: string, instead?: string): Promise<StackInfo> {
  const response = await fetch(`${base}/api/stack`).catch(() => undefined);
  if (!response) {
    throw new Error(
      `no local stack answers at ${base}; start it with "${commandLine('npm start', new URL(base).port)}", set MAILOVER_PORT if it has another port${instead === undefined ? '' : `, or give a deployed ${instead}`}`,
    );
  }
  if (!response.ok) throw new Error(`${base}/api/stack answers ${response.status}; is another program on that port?`);
  const info = (await response.json()) as StackInfo;
  if (!info.ready) throw new Error(`the local stack at ${base} is still starting; try again when it says ready`);
  return info;
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
