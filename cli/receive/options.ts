import { readFileSync } from 'node:fs';
import { defined } from '../../lambda/platform/defined.ts';
import type { Payload } from '../../local/simulators/inbound/posting.ts';
import { simulatedTypes } from '../../local/simulators/registry.ts';
import { parseArguments, UsageError, wholeNumber } from '../usage.ts';

/** Options of the command line, with defaults. */
export interface CommandOptions {
  /** Key of a provider, or a type that only one provider has. */
  readonly as: string;
  /** Content of the mail file; absent: a built-in mail. */
  readonly file?: Buffer;
  /** Content of a JSON file: a request of the provider, posted unchanged. */
  readonly payload?: Payload;
  readonly to: readonly string[];
  /** Null for a bounce. */
  readonly from: string | null;
  readonly subject: string;
  /** One of the forms of the provider's type. */
  readonly form?: string;
  readonly previous: boolean;
  readonly ageSeconds?: number;
  readonly hold?: 'blocked' | 'lost';
  readonly count: number;
  /** Seconds to follow before giving up; the provider goes on. */
  readonly waitSeconds: number;
  readonly json: boolean;
}

const FORMS = Object.entries(simulatedTypes)
  .flatMap(([type, { posting }]) => (posting ? `${type} ${posting.forms.join(', ')}` : []))
  .join('; ');

/** Printed by `--help` and after a usage error. */
export const RECEIVE_USAGE = `npm run receive -- --as KEY [file.eml] [options]
npm run receive -- --as KEY request.json          posts a request of the provider: its JSON, or { "fields", "files" } as a form

  --as KEY         the provider that receives the mail and posts it: its key, or its type
  --to ADDRESS     envelope recipient; may be given several times (default box@in.example.com)
  --from ADDRESS   envelope sender; empty for a bounce (default ada@example.org)
  --subject TEXT   subject of the built-in mail
  --form FORM      how it is posted (default the first): ${FORMS}
  --previous       sign with the previous key, or log in with the previous password
  --age SECONDS    signed that many seconds ago, where a signature has a time
  --blocked        a rule of the provider holds it; --lost: it was posted elsewhere. Nothing is posted here then
  --count N        receive N of them, 1 to 10000, each with a Message-ID of its own (default 1)
  --wait SECONDS   how long to follow (default 30, and a second more for every 20 mails)
  --json           prints the result as JSON

The provider tries again by its own schedule, sped up by MAILOVER_TIME_SCALE of the stack, until 200 or a status that stops it.
A single mail is shown as it reached the inbound queue.
Exit code: 0 answered 200, 1 not, 2 wrong usage.`;

/** Reads the command line; `undefined` for `--help`. */
export function parseReceiveOptions(argv: readonly string[]): CommandOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  if (values.as === undefined)
    throw new UsageError('say which provider receives the mail: --as with its key, or its type');
  if (positionals.length > 1) throw new UsageError(`one file at a time, not ${positionals.length}`);
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
    ...(file !== undefined && (/\.json$/i.test(file) ? { payload: readPayload(file) } : { file: readMail(file) })),
    ...defined({
      form: values.form,
      ageSeconds: values.age === undefined ? undefined : wholeNumber('age', values.age, 0, 604_800),
      hold: values.lost ? 'lost' : values.blocked ? 'blocked' : undefined,
    }),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArguments(argv, {
    as: text,
    to: { type: 'string', multiple: true },
    from: text,
    subject: text,
    form: text,
    previous: flag,
    age: text,
    blocked: flag,
    lost: flag,
    json: flag,
    count: text,
    wait: text,
    help: { type: 'boolean', short: 'h' },
  });
}

function readMail(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function readPayload(file: string): Payload {
  const text = readMail(file).toString('utf8');
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload as Payload;
  } catch {
    // Reported below.
  }
  throw new UsageError(`${file} is not a JSON object`);
}
