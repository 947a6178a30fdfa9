import type { StackInfo } from '../local/api/stack-info.ts';
import { UsageError } from './usage.ts';

/** Region and credentials for the services of the local stack, which check neither. */
export const LOCAL_ACCESS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/**
 * Returns a command line that a user can copy. It runs the command for the local stack at this port (the value of the variable
 * MAILOVER_PORT).
 */
export function commandLine(command: string, port: string | undefined): string {
  return port === undefined || port === '4700' ? command : `MAILOVER_PORT=${port} ${command}`;
}

/**
 * Returns the URL of the console and the API of the local stack; `port` is the value of the variable MAILOVER_PORT.
 *
 * @throws UsageError if the value is not a port number
 */
export function localStackUrl(port = '4700'): string {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_000)
    throw new UsageError(`MAILOVER_PORT is ${JSON.stringify(port)}; it must be a whole number from 1 to 65000`);
  return `http://127.0.0.1:${port}`;
}

/**
 * Returns the description of the running local stack.
 *
 * @param instead - the option with which a user names a deployed resource instead; it appears in the error message
 * @throws Error if no local stack answers at this URL, or if it is not ready
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
  if (!info.ready) throw new Error(`the local stack at ${base} is still starting; try again when it prints "ready"`);
  return info;
}
