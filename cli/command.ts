import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { StackInfo } from '../local/api/stack-info.ts';

/** A command was given wrong arguments, or has nothing to act on; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** 0: done. 1: not done. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** Parses a command line; a wrong option is a {@link UsageError}. */
export function parseArguments<O extends NonNullable<ParseArgsConfig['options']>>(argv: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Address of the local stack's console and API; `port` is that of MAILOVER_PORT. */
export function localStackUrl(port: string | undefined): string {
  return `http://127.0.0.1:${port ?? '4700'}`;
}

/**
 * The description of the running local stack.
 *
 * @param instead - an option that names a deployed resource in its place
 * @throws UsageError if no stack answers there, or it is not ready
 */
export async function describeLocalStack(base: string, instead?: string): Promise<StackInfo> {
  const response = await fetch(`${base}/api/stack`).catch(() => undefined);
  if (!response)
    throw new UsageError(
      `no local stack answers at ${base}; start it with "npm start"${instead === undefined ? '' : `, or give a deployed ${instead}`}`,
    );
  if (!response.ok)
    throw new UsageError(`${base}/api/stack answers ${response.status}; is another program on that port?`);
  const info = (await response.json()) as StackInfo;
  if (!info.ready) throw new UsageError(`the local stack at ${base} is still starting; try again when it says ready`);
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
