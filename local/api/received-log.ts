import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { S3Store } from '../aws/fauxqs.ts';
import type { LocalQueue } from '../aws/queue.ts';

/** A message of the inbound queue, in the form in which the list of the API contains it. */
export interface ReceivedEntry {
  readonly at: string;
  readonly id: string;
  readonly provider: string;
  readonly envelope: InboundMessage['envelope'];
  /** Name or address of the first mailbox in From; absent if the mail has no such mailbox. */
  readonly from?: string;
  readonly subject?: string;
  readonly attachments: number;
  /** Form in which the provider posted the mail: `mime` for a MIME message, `request` for fields of a request. */
  readonly form?: 'mime' | 'request';
  readonly flags: readonly string[];
}

/** Largest number of messages in memory. Without a limit the memory would grow with the traffic. */
export const MOST_KEPT = 1_000;
/** Largest length of the text and of the HTML of a message in memory, in characters. */
const MOST_CHARACTERS = 20_000;

/**
 * Log of the messages that were put on the inbound queue, the newest message last. The messages also stay on the queue, so
 * consumers still get all of them.
 */
export class ReceivedLog {
  #entries: ReceivedEntry[] = [];
  readonly #messages = new Map<string, InboundMessage>();

  /**
   * Records every message that is put on the queue from now on. If a message contains only a reference to an S3 object, the
   * content is read from this object.
   */
  constructor(queue: LocalQueue, buckets: S3Store) {
    queue.onEnqueue(({ body }) => {
      const received = messageOf(body, buckets);
      if (received === undefined) return;
      this.#entries.push(entryOf(received));
      if (this.#entries.length > MOST_KEPT) this.#entries.shift();
      this.#messages.set(received.id, shortened(received));
      const [oldest = ''] = this.#messages.keys();
      if (this.#messages.size > MOST_KEPT) this.#messages.delete(oldest);
    });
  }

  /**
   * Returns the newest entries, at most `limit`, the oldest of them first. With `before`, returns the newest entries that are
   * older than the newest entry with this id; undefined if there is no such entry.
   */
  list(limit = MOST_KEPT, before?: string): readonly ReceivedEntry[] | undefined {
    const end = before === undefined ? this.#entries.length : this.#entries.findLastIndex(({ id }) => id === before);
    return end < 0 ? undefined : this.#entries.slice(Math.max(0, end - limit), end);
  }

  /**
   * Returns the message with this id. Its text and HTML are cut after 20,000 characters. Returns undefined if the log has no such
   * message.
   */
  message(id: string): InboundMessage | undefined {
    return this.#messages.get(id);
  }

  clear(): void {
    this.#entries = [];
    this.#messages.clear();
  }
}

/**
 * Parses the body of a queue message as a received mail. Returns undefined for any other body, since any program may send
 * messages to the queue.
 */
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
