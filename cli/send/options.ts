import { defined } from '../../lambda/platform/defined.ts';
import { FLAG, HELP, parseArguments, readGiven, refuseArguments, TEXT, UsageError, wholeNumber } from '../usage.ts';

/** The options from the command line, or their defaults. */
export interface SendOptions {
  /** The submission that is put on the queue. It has an `id` only if the file contains one. */
  readonly submission: Readonly<Record<string, unknown>>;
  /** Keys of providers from the options `--provider`. */
  readonly providers: readonly string[];
  readonly count: number;
  /** Number of seconds after which the command stops waiting for the result. The sender function still processes the submission. */
  readonly waitSeconds: number;
  /** URL of the outbound queue; absent: the outbound queue of the local stack is used. */
  readonly queueUrl?: string;
  readonly deadLetterUrl?: string;
  readonly json: boolean;
}

/** The text that `--help` prints, also printed after a usage error. */
export const SEND_USAGE = `npm run send -- --to you@example.com [--to …] [options]
npm run send -- --file message.json [options]

  --to ADDRESS         recipient; may be given several times
  --from ADDRESS       sender (default hello@example.com)
  --subject TEXT       subject (default "Hello from Mailover")
  --text TEXT          plain text body (default one line)
  --html HTML          HTML body
  --provider KEY       uses this provider only; may be given several times: uses these, in this order
  --file FILE          a submission as JSON; the options above replace its fields
  --count N            send N of them, 1 to 100000 (default 1)
  --wait SECONDS       how long to wait for the result (default 30, and a second more for every 20 messages)
  --queue URL          a deployed outbound queue instead of the local stack
  --dead-letter URL    dead-letter queue of that queue; the command then shows why a submission became a dead letter
  --json               prints the result as JSON

Exit code: 0 accepted, 1 not accepted, 2 wrong usage.
A deployed queue does not show whether a provider accepted the submission. With --queue, 0 means that the submission was
put on the queue and, with --dead-letter, that it was not found in the dead-letter queue within --wait seconds.`;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseSendOptions(argv: readonly string[]): SendOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  refuseArguments(positionals);
  const count = wholeNumber('count', values.count ?? '1', 1, 100_000);
  const { 'dead-letter': deadLetter } = values;
  if (deadLetter && !values.queue) throw new UsageError('--dead-letter goes with --queue URL');
  return {
    submission: submissionOf(values),
    providers: values.provider ?? [],
    count,
    json: values.json ?? false,
    waitSeconds: wholeNumber('wait', values.wait ?? String(30 + Math.floor(count / 20)), 1, 86_400),
    ...defined({
      queueUrl: values.queue === undefined ? undefined : queueUrl('queue', values.queue),
      deadLetterUrl: deadLetter === undefined ? undefined : queueUrl('dead-letter', deadLetter),
    }),
  };
}

function parse(argv: readonly string[]) {
  const list = { ...TEXT, multiple: true } as const;
  return parseArguments(argv, {
    to: list,
    from: TEXT,
    subject: TEXT,
    text: TEXT,
    html: TEXT,
    provider: list,
    file: TEXT,
    count: TEXT,
    wait: TEXT,
    queue: TEXT,
    'dead-letter': TEXT,
    json: FLAG,
    help: HELP,
  });
}

function submissionOf(values: ReturnType<typeof parse>['values']): Record<string, unknown> {
  const given = defined({
    to: values.to,
    from: values.from,
    subject: values.subject,
    text: values.text,
    html: values.html,
    providers: values.provider && { only: values.provider },
  });
  if (values.file !== undefined) return { ...readSubmission(values.file), ...given };
  if (!values.to) throw new UsageError('give a recipient with --to ADDRESS, or a submission with --file FILE');
  return {
    version: 1,
    from: 'hello@example.com',
    subject: 'Hello from Mailover',
    ...defined({ text: values.html === undefined ? 'This message was sent with "npm run send".' : undefined }),
    ...given,
  };
}

function readSubmission(file: string): Record<string, unknown> {
  const text = readGiven(file, `--file ${file}`).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`--file ${file} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--file ${file} does not contain a JSON object, but a submission must be one`);
  }
  return value as Record<string, unknown>;
}

function queueUrl(option: string, given: string): string {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
  throw new UsageError(`--${option} takes a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/name`);
}
