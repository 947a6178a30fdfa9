import { MOST_SCALE } from '../../local/clock.ts';
import { FLAG, HELP, parseArguments, refuseArguments, UsageError, type Variables } from '../usage.ts';

/** The options of `npm start`, or their defaults. */
export interface StartOptions {
  /** The lowest of the ports that the stack uses. */
  readonly port: number;
  readonly timeScale: number;
  /** Whether the logs of the functions are printed instead of being written to a file. */
  readonly logs: boolean;
}

/** The text that `--help` prints. */
export const START_USAGE = `npm start [-- options]

Synthesises the stack of bin/mailover.ts and runs it on 127.0.0.1, with simulated providers, until Ctrl-C. It needs no AWS account.

  --logs                     prints the logs of the functions here instead of a file

  MAILOVER_PORT=4700         first of the ports that it uses, 1 to 65000
  MAILOVER_TIME_SCALE=1      how many times faster than real time delays, circuit breakers and alarms run, above 0 to ${MOST_SCALE}
  MAILOVER_HOSTS=a.test,…    further host names that requests to the stack may use

Exit code: 0 ended, 1 could not start, 2 wrong usage.`;

/** Reads the command line and the environment variables. Returns `undefined` if the command line has `--help`. */
export function parseStartOptions(argv: readonly string[], environment: Variables): StartOptions | undefined {
  const { values, positionals } = parseArguments(argv, { logs: FLAG, help: HELP }, environment);
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
