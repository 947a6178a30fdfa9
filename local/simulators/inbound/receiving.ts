import type { StackClock } from '../../clock.ts';
import { postRequest } from '../events/reporter.ts';
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

/** URL and credentials with which one provider posts received mail. */
interface PostingTarget {
  /** Base URL of the local HTTP API. */
  readonly url: string;
  readonly route: InboundRoute;
}

/**
 * The part of a simulated provider that receives mail. It stores received mail, posts the mail to the local HTTP API, and repeats
 * failed posts after the pauses of the provider's schedule.
 */
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
    /** URL of the provider's simulator. */
    endpoint(): string;
  }) {
    this.key = options.key;
    this.type = options.type;
    this.#clock = options.clock;
    this.#target = options.target;
    this.#endpoint = options.endpoint;
  }

  /** Receives a mail for one recipient. Resolves when the mail is stored, which is before the mail is posted. */
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
    // No provider documents whether a repeated post gets a new signature. Here each repeated post has the signature of the first
    // post, which is the more difficult case for the receiving code.
    const request = target && this.type.post(received, target.route, this.messageUrl(received.id));
    for (let tries = 1; !signal.aborted; tries += 1) {
      const result = await post(target?.url ?? '', request, signal);
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

/** The part of a provider that receives mail, with the data that the provider's API about received mail needs. */
export interface LocalReceiver extends ReceivingAccess {
  readonly receiving: Receiving;
}

/** Returns a provider's behaviour, to which the provider's API about received mail is added. */
export function withReceiving(behaviour: HttpBehaviour, access: LocalReceiver): HttpBehaviour {
  const { api } = access.receiving.type;
  return {
    ...behaviour,
    occasionOf: (method, path) => (api.isFor(path) ? 'lookup' : behaviour.occasionOf(method, path)),
    answer: async (request) => api.answer(request, access) ?? (await behaviour.answer(request)),
  };
}

async function post(base: string, request: PostedRequest | undefined, ending: AbortSignal): Promise<Try> {
  const at = new Date().toISOString();
  const begun = performance.now();
  const took = () => ({ ms: Math.round(performance.now() - begun) });
  if (request === undefined) return { at, error: 'this provider has no inbound route', ...took() };
  try {
    const response = await postRequest(base, request, ending);
    await response.arrayBuffer();
    return { at, status: response.status, ...took() };
  } catch (error) {
    const { cause, message } = error as Error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : message;
    return { at, error: code, ...took() };
  }
}
