import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { S3Store, SqsMessage } from '../aws/fauxqs.ts';
import type { LocalQueue } from '../aws/queue.ts';

/** A message of the inbound queue, as a row of a list. */
export interface ReceivedEntry {
  readonly at: string;
  readonly id: string;
  readonly provider: string;
  readonly envelope: InboundMessage['envelope'];
  /** First author of the mail, by name or address; absent if the mail names none. */
  readonly from?: string;
  readonly subject?: string;
  readonly attachments: number;
  /** Form in which the provider handed it over: the mail itself, or fields of a request. */
  readonly form?: 'mime' | 'request';
  readonly flags: readonly string[];
}

/** Largest number of messages that are kept, so that memory does not grow with traffic. */
export const MOST_KEPT = 1_000;
const MOST_CHARACTERS = 20_000;

/** Log of messages put on the inbound queue, newest last; recorded as they are sent, so that consumers miss none. */
export class ReceivedLog {
  #entries: ReceivedEntry[] = [];
  readonly #messages = new Map<string, InboundMessage>();

  /** Records the messages of a queue; content of a pointer is read from the bucket. */
  constructor(queue: LocalQueue, buckets: S3Store) {
    const enqueue = queue.enqueue.bind(queue);
    queue.enqueue = (message: SqsMessage): void => {
      enqueue(message);
      const received = messageOf(message.body, buckets);
      if (received === undefined) return;
      this.#entries.push(entryOf(received));
      if (this.#entries.length > MOST_KEPT) this.#entries.shift();
      this.#messages.set(received.id, shortened(received));
      const [oldest = ''] = this.#messages.keys();
      if (this.#messages.size > MOST_KEPT) this.#messages.delete(oldest);
    };
  }

  /** The newest entries, or those before the newest message with an id; undefined if `before` is not known. */
  list(limit = MOST_KEPT, before?: string): readonly ReceivedEntry[] | undefined {
    const end = before === undefined ? this.#entries.length : this.#entries.findLastIndex(({ id }) => id === before);
    return end < 0 ? undefined : this.#entries.slice(Math.max(0, end - limit), end);
  }

  /** One of the messages, with long texts cut. */
  message(id: string): InboundMessage | undefined {
    return this.#messages.get(id);
  }

  clear(): void {
    this.#entries = [];
    this.#messages.clear();
  }
}

/** The message in a body; undefined if the body is not an inbound message, since any program may send to a queue. */
function messageOf(body: string, buckets: S3Store): InboundMessage | undefined {
  try {
    const parsed = JSON.parse(body) as InboundMessage & { s3?: { bucket: string; key: string } };
    const message: InboundMessage =
      parsed.s3 === undefined ? parsed : JSON.parse(String(buckets.getObject(parsed.s3.bucket, parsed.s3.key).body));
    return typeof message.id === 'string' && Array.isArray(message.envelope.to) ? message : undefined;
  } catch {
    return undefined;
  }
}

function entryOf({ id, provider, envelope, from, subject, attachments, raw, flags }: InboundMessage): ReceivedEntry {
  const [author] = from ?? [];
  return {
    at: new Date().toISOString(),
    id,
    provider,
    envelope,
    attachments: attachments?.length ?? 0,
    ...defined({ from: author && (author.name ?? author.address), subject, form: raw?.form }),
    flags: flags ?? [],
  };
}

function shortened(message: InboundMessage): InboundMessage {
  const { text, html } = message;
  return {
    ...message,
    ...defined({ text: text?.slice(0, MOST_CHARACTERS), html: html?.slice(0, MOST_CHARACTERS) }),
  };
}
