import type { InboundMessage } from '../lambda/contract/inbound.ts';
import type { S3Store } from '../node_modules/fauxqs/dist/s3/s3Store.js';
import type { LocalQueue, SqsMessage } from './aws/queue.ts';

/** A message of the inbound queue, as a list shows it. */
export interface ReceivedEntry {
  readonly at: string;
  readonly id: string;
  readonly provider: string;
  readonly envelope: InboundMessage['envelope'];
  /** First author, by name or address; absent if the mail names none. */
  readonly from?: string;
  readonly subject?: string;
  readonly attachments: number;
  readonly flags: readonly string[];
}

/** A list must not grow with the mail that went through. */
const MOST_KEPT = 1_000;

/** What was put on the inbound queue, newest last; seen as it is sent, so that nothing is taken from who consumes it. */
export class ReceivedLog {
  #entries: ReceivedEntry[] = [];

  /** Watches a queue; what is too large for it is read from the bucket. */
  constructor(queue: LocalQueue, buckets: S3Store) {
    const enqueue = queue.enqueue.bind(queue);
    queue.enqueue = (message: SqsMessage): void => {
      enqueue(message);
      const entry = entryOf(message.body, buckets);
      if (entry === undefined) return;
      this.#entries.push(entry);
      if (this.#entries.length > MOST_KEPT) this.#entries.shift();
    };
  }

  list(limit = MOST_KEPT): readonly ReceivedEntry[] {
    return this.#entries.slice(-limit);
  }

  clear(): void {
    this.#entries = [];
  }
}

/** Undefined for what is no message of ours: anybody may send to a queue. */
function entryOf(body: string, buckets: S3Store): ReceivedEntry | undefined {
  try {
    const parsed = JSON.parse(body) as InboundMessage & { s3?: { bucket: string; key: string } };
    const { id, provider, envelope, from, subject, attachments, flags }: InboundMessage =
      parsed.s3 === undefined ? parsed : JSON.parse(String(buckets.getObject(parsed.s3.bucket, parsed.s3.key).body));
    const [author] = from ?? [];
    return {
      at: new Date().toISOString(),
      id,
      provider,
      envelope,
      ...(author && { from: author.name ?? author.address }),
      ...(subject !== undefined && { subject }),
      attachments: attachments?.length ?? 0,
      flags: flags ?? [],
    };
  } catch {
    return undefined;
  }
}
