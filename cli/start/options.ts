import { MOST_SCALE } from '../../local/clock.ts';
import { parseArguments, refuseArguments, UsageError, type Variables } from '../usage.ts';

/** Options of `npm start`, with defaults. */
export interface StartOptions {
  /** First of the ports that the stack uses. */
  readonly port: number;
  readonly timeScale: number;
  /** Prints the logs of the functions instead of writing them to a file. */
  readonly logs: boolean;
}

/** Printed by `--help`. */
export const START_USAGE = `npm start [-- options]

Starts the deployed stack on 127.0.0.1, with simulated providers, until Ctrl-C. It needs no AWS account.

  --logs                     prints the logs of the functions here instead of a file

  MAILOVER_PORT=4700         first of the ports that it uses, 1 to 65000
  MAILOVER_TIME_SCALE=1      how many times faster delays, circuits and alarms run, above 0 to ${MOST_SCALE}
  MAILOVER_HOSTS=a.test,…    further host names that may reach it

Exit code: 0 ended, 1 could not start, 2 wrong usage.`;

/** Reads the command line and the variables; `undefined` for `--help`. */
export function parseStartOptions(argv: readonly string[], environment: Variables): StartOptions | undefined {
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArguments(argv, { logs: flag, help: { ...flag, short: 'h' } }, environment);
  if (values.help) return undefined;
  refuseArguments(positionals);
  const scale = `a number above 0, at most ${MOST_SCALE}`;
  return {
    port: number(environment, 'MAILOVER_PORT', 4700, 'a whole number from 1 to 65000', isPort),
    timeScale: number(environment, 'MAILOVER_TIME_SCALE', 1, scale, (value) => value > 0 && value <= MOST_SCALE),
    logs: values.logs ?? false,
  };
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_000;
}

function number(
  environment: Variables,
  name: string,
  otherwise: number,
  expected: string,
  valid: (value: number) => boolean,
): number {
  const text = environment[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (!valid(value)) throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be ${expected}`);
  return value;
}
