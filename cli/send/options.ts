import { readFileSync } from 'node:fs';
import { defined } from '../../lambda/platform/defined.ts';
import { parseArguments, refuseArguments, UsageError, wholeNumber } from '../usage.ts';

/** Options of the command line, with defaults. */
export interface SendOptions {
  /** The submission for the queue; has an `id` only if the file gives one. */
  readonly submission: Readonly<Record<string, unknown>>;
  /** Keys given with `--provider`. */
  readonly providers: readonly string[];
  readonly count: number;
  /** Seconds to follow before giving up; the submission stays where it is. */
  readonly waitSeconds: number;
  /** Outbound queue; absent: that of the local stack. */
  readonly queueUrl?: string;
  readonly deadLetterUrl?: string;
  readonly json: boolean;
}

/** Printed by `--help` and after a usage error. */
export const SEND_USAGE = `npm run send -- --to you@example.com [--to …] [options]
npm run send -- --file message.json [options]

  --to ADDRESS         recipient; may be given several times
  --from ADDRESS       sender (default hello@example.com)
  --subject TEXT       subject (default "Hello from Mailover")
  --text TEXT          plain text body (default one line)
  --html HTML          HTML body
  --provider KEY       use this provider only; several times: these, in this order
  --file FILE          a submission as JSON; the options above replace its fields
  --count N            send N of them, 1 to 100000 (default 1)
  --wait SECONDS       how long to follow (default 30, and a second more for every 20 messages)
  --queue URL          a deployed outbound queue instead of the local stack
  --dead-letter URL    its dead-letter queue, to show why no provider accepted it
  --json               prints the result as JSON

Exit code: 0 accepted, 1 not accepted, 2 wrong usage.
A deployed queue does not say who accepted: there, 0 means put on the queue and not dead-lettered while following.`;

/** Reads the command line; `undefined` for `--help`. */
export function parseSendOptions(argv: readonly string[]): SendOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  refuseArguments(positionals);
  const count = wholeNumber('count', values.count ?? '1', 1, 100_000);
  if (values['dead-letter'] && !values.queue) throw new UsageError('--dead-letter goes with --queue URL');
  return {
    submission: submissionOf(values),
    providers: values.provider ?? [],
    count,
    json: values.json ?? false,
    waitSeconds: wholeNumber('wait', values.wait ?? String(30 + Math.floor(count / 20)), 1, 86_400),
    ...(values.queue !== undefined && { queueUrl: queueUrl('queue', values.queue) }),
    ...(values['dead-letter'] !== undefined && { deadLetterUrl: queueUrl('dead-letter', values['dead-letter']) }),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  return parseArguments(argv, {
    to: list,
    from: text,
    subject: text,
    text,
    html: text,
    provider: list,
    file: text,
    count: text,
    wait: text,
    queue: text,
    'dead-letter': text,
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
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
    ...(values.html === undefined && { text: 'This message was sent with "npm run send".' }),
    ...given,
  };
}

function readSubmission(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`--file ${file} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--file ${file} holds no JSON object; a submission is one`);
  }
  return value as Record<string, unknown>;
}

function queueUrl(option: string, given: string): string {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
  throw new UsageError(`--${option} takes a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/name`);
}
