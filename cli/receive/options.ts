import { defined } from '../../lambda/platform/defined.ts';
import { isObject } from '../../lambda/platform/is-object.ts';
import type { Payload } from '../../local/simulators/inbound/posting.ts';
import { simulatedTypes } from '../../local/simulators/registry.ts';
import { FLAG, HELP, parseArguments, readGiven, TEXT, UsageError, wholeNumber } from '../usage.ts';

/** The options from the command line, or their defaults. */
export interface CommandOptions {
  /** Key of a provider, or a provider type that only one provider in the list has. */
  readonly as: string;
  /** Content of the mail file; absent: a built-in mail. */
  readonly file?: Buffer;
  /** Content of a JSON file: a request of the provider, posted unchanged. */
  readonly payload?: Payload;
  readonly to: readonly string[];
  /** Envelope sender; null for a bounce, which has none. */
  readonly from: string | null;
  readonly subject: string;
  /** Form in which the provider posts the mail: one of the forms that the provider type supports. */
  readonly form?: string;
  readonly previous: boolean;
  readonly ageSeconds?: number;
  readonly hold?: 'blocked' | 'lost';
  readonly count: number;
  /** Number of seconds after which the command stops waiting for the result; the simulated provider continues to retry. */
  readonly waitSeconds: number;
  readonly json: boolean;
}

const FORMS = Object.entries(simulatedTypes)
  .flatMap(([type, { posting }]) => (posting ? `${type} ${posting.forms.join(', ')}` : []))
  .join('; ');

/** The text that `--help` prints, also printed after a usage error. */
export const RECEIVE_USAGE = `npm run receive -- --as KEY [file.eml] [options]
npm run receive -- --as KEY request.json          posts a request of the provider: its JSON, or { "fields", "files" } as a form

  --as KEY         the provider that receives the mail and posts it: its key, or its type
  --to ADDRESS     envelope recipient; may be given several times (default box@in.example.com)
  --from ADDRESS   envelope sender; empty for a bounce (default ada@example.org)
  --subject TEXT   subject of the built-in mail
  --form FORM      format of the posted request (default the first of its type): ${FORMS}
  --previous       signs with the previous key, or logs in with the previous password
  --age SECONDS    the signature is this many seconds old, if the provider's signatures have a time
  --blocked        simulates a rule of the provider that holds the mail back: nothing is posted
  --lost           simulates a post to another address: nothing is posted to this stack
  --count N        receive N of them, 1 to 10000, each with a Message-ID of its own (default 1)
  --wait SECONDS   how long to wait for the result (default 30, and a second more for every 20 mails)
  --json           prints the result as JSON

The provider tries again by its own schedule, sped up by MAILOVER_TIME_SCALE of the stack, until the answer is 200
or a status after which the provider stops.
A single mail is shown as it reached the inbound queue.
Exit code: 0 each post was answered with 200, 1 not, 2 wrong usage.`;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseReceiveOptions(argv: readonly string[]): CommandOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  if (values.as === undefined)
    throw new UsageError('name the provider that receives the mail: --as with its key, or its type');
  if (positionals.length > 1) throw new UsageError(`give one file, not ${positionals.length}`);
  if (values.blocked && values.lost) throw new UsageError('give --blocked or --lost, not both');
  const [file] = positionals;
  const count = wholeNumber('count', values.count ?? '1', 1, 10_000);
  return {
    as: values.as,
    to: values.to ?? ['box@in.example.com'],
    from: (values.from ?? 'ada@example.org') || null,
    subject: values.subject ?? 'Hello to Mailover',
    previous: values.previous === true,
    count,
    json: values.json === true,
    waitSeconds: wholeNumber('wait', values.wait ?? String(30 + Math.floor(count / 20)), 1, 86_400),
    ...(file !== undefined && (/\.json$/i.test(file) ? { payload: readPayload(file) } : { file: readGiven(file) })),
    ...defined({
      form: values.form,
      ageSeconds: values.age === undefined ? undefined : wholeNumber('age', values.age, 0, 604_800),
      hold: values.lost ? 'lost' : values.blocked ? 'blocked' : undefined,
    }),
  };
}

function parse(argv: readonly string[]) {
  return parseArguments(argv, {
    as: TEXT,
    to: { ...TEXT, multiple: true },
    from: TEXT,
    subject: TEXT,
    form: TEXT,
    previous: FLAG,
    age: TEXT,
    blocked: FLAG,
    lost: FLAG,
    json: FLAG,
    count: TEXT,
    wait: TEXT,
    help: HELP,
  });
}

function readPayload(file: string): Payload {
  const text = readGiven(file).toString();
  try {
    const payload: unknown = JSON.parse(text);
    if (isObject(payload)) return payload as Payload;
  } catch {
    // The text is not JSON; the error below reports it.
  }
  throw new UsageError(`${file} is not a JSON object`);
}
