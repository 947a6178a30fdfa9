import { randomBytes, randomUUID } from 'node:crypto';
import type { InboundRoute } from '../../api/stack-info.ts';
import type { StackClock } from '../../clock.ts';
import { type MailgunForm, mailgunBody, sign, type WebhookSignature } from '../mailgun/webhook.ts';
import { postmarkBody } from '../postmark/webhook.ts';
import type { WireBody } from './form.ts';
import { type IncomingMail, type ReceivedMail, readReception } from './received-mail.ts';
import { afterTry, type PostingType } from './schedule.ts';

/** URL and credentials that a provider posts with. */
export interface PostingTarget extends InboundRoute {
  /** Base of the HTTP API. */
  readonly url: string;
}

/** Options of receiving one mail. */
export interface ReceiveOptions {
  /** Mailgun's kind of route. @default 'form' */
  readonly form?: MailgunForm;
  /** Postmark's server setting that adds the raw mail. @default false */
  readonly raw?: boolean;
  /** Signs with the previous key or password. @default false */
  readonly previous?: boolean;
  /** Age of Mailgun's signature in seconds. @default 0 */
  readonly ageSeconds?: number;
  /**
   * `blocked`: a rule of Postmark holds it, nothing is posted. `lost`: it is posted to another URL, which answers 200.
   * @default - it is posted
   */
  readonly hold?: 'blocked' | 'lost';
}

/** Postmark's status of a received mail; Mailgun has none. */
export type ReceptionStatus = 'scheduled' | 'processed' | 'failed' | 'blocked';

/** One call of the HTTP API. */
export interface Try {
  readonly at: string;
  /** Absent if there was no answer. */
  readonly status?: number;
  readonly error?: string;
  /** Duration from request to answer. */
  readonly ms: number;
}

/** A mail that a provider has received, with its posts. */
export interface Received {
  /** Postmark's MessageID, or the key of Mailgun's storage. */
  readonly id: string;
  readonly at: number;
  readonly mail: ReceivedMail;
  readonly options: ReceiveOptions;
  readonly tries: Try[];
  status: ReceptionStatus;
}

/** The receiving half of one simulated provider: stores received mail, posts it, and repeats by the provider's schedule. */
export class Receiving {
  readonly key: string;
  readonly type: PostingType;
  readonly #target: () => PostingTarget | undefined;
  readonly #messageUrl: (id: string) => string;
  readonly #clock: StackClock;
  readonly #received = new Map<string, Received>();
  readonly #ending = new AbortController();

  constructor(options: {
    readonly key: string;
    readonly type: PostingType;
    readonly clock: StackClock;
    target(): PostingTarget | undefined;
    /** URL of the message in Mailgun's storage. */
    messageUrl(id: string): string;
  }) {
    this.key = options.key;
    this.type = options.type;
    this.#clock = options.clock;
    this.#target = options.target;
    this.#messageUrl = options.messageUrl;
  }

  /** Receives a mail for one recipient; resolves when it is stored, before it is posted. */
  async take(reception: IncomingMail, options: ReceiveOptions = {}): Promise<Received> {
    const received: Received = {
      id: this.type === 'postmark' ? randomUUID() : randomBytes(32).toString('base64url'),
      at: Date.now(),
      mail: readReception(reception),
      options,
      tries: [],
      status: options.hold === 'blocked' ? 'blocked' : options.hold === 'lost' ? 'processed' : 'scheduled',
    };
    this.#received.set(received.id, received);
    if (received.status === 'scheduled') void this.#deliver(received);
    return received;
  }

  /** All stored mail, oldest first. */
  list(): readonly Received[] {
    return [...this.#received.values()];
  }

  get(id: string): Received | undefined {
    return this.#received.get(id);
  }

  messageUrl(id: string): string {
    return this.#messageUrl(id);
  }

  /** Posts a mail again, from the start of the schedule. */
  repeat(received: Received): void {
    received.status = 'scheduled';
    void this.#deliver(received);
  }

  close(): void {
    this.#ending.abort();
  }

  async #deliver(received: Received): Promise<void> {
    const { signal } = this.#ending;
    // Whether Mailgun signs a retry again is not documented; the same signature is the harder case for the receiver.
    const request = this.#request(received);
    for (let tries = 1; !signal.aborted; tries += 1) {
      const result = await post(request, signal);
      received.tries.push(result);
      const next = afterTry(this.type, tries, result.status);
      if (typeof next !== 'number') {
        received.status = next === 'done' ? 'processed' : 'failed';
        return;
      }
      await this.#clock.sleep(next, signal);
    }
  }

  #request({ id, at, mail, options }: Received): WireRequest | undefined {
    const target = this.#target();
    if (target === undefined) return undefined;
    if (this.type === 'postmark') {
      const password = options.previous ? target.previousPassword : target.password;
      return {
        url: target.url + target.path,
        authorization: `Basic ${Buffer.from(`${target.username ?? ''}:${password ?? ''}`).toString('base64')}`,
        ...postmarkBody(mail, id, options.raw === true),
      };
    }
    const form = options.form ?? 'form';
    const path = { form: target.path, mime: target.mimePath, store: target.storePath }[form];
    const key = options.previous ? target.previousSigningKey : target.signingKey;
    const signature: WebhookSignature = sign(key ?? '', Math.floor(at / 1000) - (options.ageSeconds ?? 0));
    return { url: target.url + (path ?? ''), ...mailgunBody(mail, form, signature, this.#messageUrl(id)) };
  }
}

interface WireRequest extends WireBody {
  readonly url: string;
  readonly authorization?: string;
}

/** Time that a provider waits for an answer; not documented, but API Gateway answers within 30 s. */
const PATIENCE_MS = 45_000;

async function post(request: WireRequest | undefined, ending: AbortSignal): Promise<Try> {
  const at = new Date().toISOString();
  const begun = performance.now();
  const took = () => ({ ms: Math.round(performance.now() - begun) });
  if (request === undefined) return { at, error: 'this provider has no inbound route', ...took() };
  const { url, contentType, authorization, body } = request;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType, ...(authorization !== undefined && { authorization }) },
      body: new Uint8Array(body),
      signal: AbortSignal.any([ending, AbortSignal.timeout(PATIENCE_MS)]),
    });
    await response.arrayBuffer();
    return { at, status: response.status, ...took() };
  } catch (error) {
    const { cause, message } = error as Error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : message;
    return { at, error: code, ...took() };
  }
}
