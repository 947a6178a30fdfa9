import type { StackInfo } from '../local/api/stack-info.ts';
import { UsageError } from './usage.ts';

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
