import type { StackClock } from '../../clock.ts';
import type { HttpBehaviour } from '../http-simulator.ts';
import type {
  InboundRoute,
  PostedRequest,
  PostingType,
  Received,
  ReceiveOptions,
  ReceivingAccess,
  Receptions,
  Try,
} from './posting.ts';
import { type IncomingMail, readReception } from './received-mail.ts';

/** Where a provider posts. */
interface PostingTarget {
  /** Base of the HTTP API. */
  readonly url: string;
  readonly route: InboundRoute;
}

/** The receiving half of one simulated provider: stores received mail, posts it, and repeats by the provider's schedule. */
export class Receiving implements Receptions {
  readonly key: string;
  readonly type: PostingType;
  readonly #target: () => PostingTarget | undefined;
  readonly #endpoint: () => string;
  readonly #clock: StackClock;
  readonly #received = new Map<string, Received>();
  readonly #ending = new AbortController();

  constructor(options: {
    readonly key: string;
    readonly type: PostingType;
    readonly clock: StackClock;
    target(): PostingTarget | undefined;
    /** Address of the provider's simulator. */
    endpoint(): string;
  }) {
    this.key = options.key;
    this.type = options.type;
    this.#clock = options.clock;
    this.#target = options.target;
    this.#endpoint = options.endpoint;
  }

  /** Receives a mail for one recipient; resolves when it is stored, before it is posted. */
  async take(reception: IncomingMail, options: ReceiveOptions = {}): Promise<Received> {
    const received: Received = {
      id: this.type.newId(),
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

  list(): readonly Received[] {
    return [...this.#received.values()];
  }

  get(id: string): Received | undefined {
    return this.#received.get(id);
  }

  messageUrl(id: string): string {
    return this.#endpoint() + this.type.messagePath(id);
  }

  repeat(received: Received): void {
    received.status = 'scheduled';
    void this.#deliver(received);
  }

  close(): void {
    this.#ending.abort();
  }

  async #deliver(received: Received): Promise<void> {
    const { signal } = this.#ending;
    const { minutes, stop } = this.type.retries;
    const target = this.#target();
    // Whether a retry is signed again is documented nowhere; the same signature is the harder case for the receiver.
    const request = target && this.type.post(received, target.route, this.messageUrl(received.id));
    for (let tries = 1; !signal.aborted; tries += 1) {
      const result = await post(target?.url, request, signal);
      received.tries.push(result);
      const pause = minutes[tries - 1];
      if (result.status === 200 || result.status === stop || pause === undefined) {
        received.status = result.status === 200 ? 'processed' : 'failed';
        return;
      }
      await this.#clock.sleep(pause * 60_000, signal);
    }
  }
}

/** The receiving half of a provider, with the access to its API about received mail. */
export interface LocalReceiver extends ReceivingAccess {
  readonly receiving: Receiving;
}

/** A provider's behaviour, extended by its API about received mail. */
export function withReceiving(behaviour: HttpBehaviour, access: LocalReceiver): HttpBehaviour {
  const { api } = access.receiving.type;
  return {
    ...behaviour,
    occasionOf: (method, path) => (api.isFor(path) ? 'lookup' : behaviour.occasionOf(method, path)),
    answer: async (request) => api.answer(request, access) ?? (await behaviour.answer(request)),
  };
}

/** Time that a provider waits for an answer; not documented, but API Gateway answers within 30 s. */
const PATIENCE_MS = 45_000;

async function post(base: string | undefined, request: PostedRequest | undefined, ending: AbortSignal): Promise<Try> {
  const at = new Date().toISOString();
  const begun = performance.now();
  const took = () => ({ ms: Math.round(performance.now() - begun) });
  if (request === undefined) return { at, error: 'this provider has no inbound route', ...took() };
  const { path, contentType, headers, body } = request;
  try {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': contentType, ...headers },
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
