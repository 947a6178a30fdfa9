import addressparser from 'nodemailer/lib/addressparser';
import { defined } from '../../../lambda/platform/defined.ts';
import type { StackClock } from '../../clock.ts';
import type { SimulatorAnswer } from '../http-simulator.ts';
import { postmarkFailure } from './failure.ts';
import type { PostmarkMail } from './mail.ts';

interface Kept {
  readonly at: number;
  readonly message: Readonly<Record<string, unknown>> & {
    readonly Recipients: readonly string[];
    readonly MessageStream: string;
    readonly Metadata: Readonly<Record<string, string>>;
  };
}

/**
 * Delay in milliseconds until a search finds a message, by the clock of the local stack (which may run faster than real time).
 * Postmark does not publish this delay; users have observed a delay (Postmark's blog, 2026-11-25).
 */
const VISIBLE_AFTER_MS = 20_000;
const KEPT = 50_000;
// Largest `count`, and largest sum of `count` and `offset`, of a search (postmarkapp.com/developer/api/messages-api, 2026-11-25).
const MAX_COUNT = 500;
const MAX_REACH = 10_000;

/**
 * The outbound messages of a Postmark server, that is, accepted mail with its metadata. A search returns the newest message
 * first, and finds a message only some time after it was accepted.
 */
export class PostmarkMessages {
  readonly #clock: StackClock;
  #kept: Kept[] = [];

  constructor(clock: StackClock) {
    this.#clock = clock;
  }

  take({ fields }: PostmarkMail, MessageID: string, Recipients: readonly string[]): void {
    const at = Date.now();
    this.#kept.push({
      at,
      message: {
        MessageID,
        To: named(fields.To),
        Cc: named(fields.Cc),
        Bcc: named(fields.Bcc),
        Recipients,
        From: fields.From,
        Subject: fields.Subject ?? '',
        ...defined({ Tag: fields.Tag || undefined }),
        ReceivedAt: new Date(at).toISOString(),
        Attachments: (fields.Attachments ?? []).map(({ Name }) => Name),
        Status: 'Sent',
        TrackOpens: false,
        TrackLinks: 'None',
        Metadata: fields.Metadata ?? {},
        MessageStream: fields.MessageStream ?? 'outbound',
        Sandboxed: false,
      },
    });
    if (this.#kept.length > KEPT) this.#kept = this.#kept.slice(-KEPT / 2);
  }

  /** Answers `GET /messages/outbound`. */
  answer(query: URLSearchParams): SimulatorAnswer {
    // Upper and lower case are not distinguished in parameter names, as in every ASP.NET service.
    const given = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
    const [count, offset] = [Number(given.get('count') ?? Number.NaN), Number(given.get('offset') ?? Number.NaN)];
    if (!(count >= 1 && count <= MAX_COUNT))
      return postmarkFailure(422, 700, `'count' must be from 1 to ${MAX_COUNT}.`);
    if (!(offset >= 0 && offset + count <= MAX_REACH))
      return postmarkFailure(422, 700, `'count' and 'offset' together must not exceed ${MAX_REACH}.`);
    const metadata = [...given].filter(([name]) => name.startsWith('metadata_'));
    const stream = given.get('messagestream') ?? 'outbound';
    const recipient = given.get('recipient')?.toLowerCase();
    const visible = this.#clock.toReal(this.#clock.now() - VISIBLE_AFTER_MS);
    const found = this.#kept.filter(
      ({ at, message }) =>
        at <= visible &&
        message.MessageStream === stream &&
        (recipient === undefined || message.Recipients.some((one) => one.toLowerCase() === recipient)) &&
        ['tag', 'subject'].every(
          (name) => !given.has(name) || message[name === 'tag' ? 'Tag' : 'Subject'] === given.get(name),
        ) &&
        // Postmark filters by only one metadata field in each request.
        metadata.slice(0, 1).every(([name, value]) => metadataOf(message.Metadata, name) === value),
    );
    const Messages = found
      .toReversed()
      .slice(offset, offset + count)
      .map(({ message }) => message);
    return { status: 200, body: { TotalCount: found.length, Messages } };
  }
}

function metadataOf(metadata: Readonly<Record<string, string>>, parameter: string): string | undefined {
  return Object.entries(metadata).find(([name]) => `metadata_${name.toLowerCase()}` === parameter)?.[1];
}

function named(list: string | null | undefined): { Email: string; Name: string }[] {
  return addressparser(list ?? '', { flatten: true }).map(({ name, address }) => ({ Email: address, Name: name }));
}
