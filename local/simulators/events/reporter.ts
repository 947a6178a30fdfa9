import type { StackClock } from '../../clock.ts';
import type { PostedRequest } from '../inbound/posting.ts';

/**
 * Reports a delivery event in the provider's own format after a delay. `afterMs` is the delay in milliseconds by the clock of the
 * local stack, which may run faster than real time.
 */
export type Report = (event: object, afterMs: number) => void;

/** Prepares a post with these events. The post is made by the returned object, and is repeated if it fails. */
export type Deliver = (events: readonly object[]) => EventDelivery;

/** A post of events, which may need several attempts. */
export interface EventDelivery {
  /**
   * Posts the events once. Resolves to true if no further attempt is needed: the events were accepted, or the provider does not
   * post them again.
   */
  attempt(signal: AbortSignal): Promise<boolean>;
  /** Pauses before the second and each further attempt, in minutes by the clock of the local stack. */
  readonly minutes: readonly number[];
}

/** Largest number of posts of one provider that are in progress at the same time. */
const AT_A_TIME = 8;

/**
 * Posts the events of one simulated provider when their delay has passed. Repeats a failed post after the pauses of the
 * provider's schedule.
 */
export class Reporter {
  readonly #clock: StackClock;
  readonly #deliver: Deliver;
  /** Largest number of events in one post. */
  readonly #most: number;
  readonly #inFlight = new Set<Promise<void>>();
  #due: object[] = [];
  /** Aborts all waits for the delay of an event, and all waits for the next attempt of a post. */
  #waiting = new AbortController();
  /** Aborts the posts that are in progress. */
  #posting = new AbortController();

  constructor(options: { readonly clock: StackClock; readonly deliver: Deliver; readonly most?: number }) {
    this.#clock = options.clock;
    this.#deliver = options.deliver;
    this.#most = options.most ?? 1;
  }

  report(event: object, afterMs: number): void {
    const { signal } = this.#waiting;
    void this.#clock.sleep(afterMs, signal).then(() => {
      if (signal.aborted) return;
      this.#due.push(event);
      this.#sendDue();
    });
  }

  /**
   * Drops all events except the events of posts in progress, and all further attempts. Waits at most `waitMs` milliseconds of
   * real time for the posts in progress, then aborts them.
   */
  async clear(waitMs = 0): Promise<void> {
    this.#waiting.abort();
    this.#due = [];
    this.#waiting = new AbortController();
    const timer = setTimeout(() => this.#posting.abort(), waitMs);
    await Promise.all(this.#inFlight);
    clearTimeout(timer);
    this.#posting = new AbortController();
  }

  #sendDue(): void {
    while (this.#due.length > 0 && this.#inFlight.size < AT_A_TIME)
      this.#track(this.#deliver(this.#due.splice(0, this.#most)), 0);
  }

  #track(delivery: EventDelivery, tries: number): void {
    const { signal } = this.#waiting;
    const done: Promise<void> = delivery
      .attempt(this.#posting.signal)
      .then((ended) => {
        const pause = delivery.minutes[tries];
        if (ended || pause === undefined || signal.aborted) return;
        void this.#clock.sleep(pause * 60_000, signal).then(() => {
          if (!signal.aborted) this.#track(delivery, tries + 1);
        });
      })
      .finally(() => {
        this.#inFlight.delete(done);
        this.#sendDue();
      });
    this.#inFlight.add(done);
  }
}

/**
 * Time in milliseconds for which a provider waits for the answer to its post. Providers do not document this time. API Gateway
 * always answers within 30 s, which is less.
 */
const REQUEST_TIMEOUT_MS = 45_000;

/** Posts a request of a provider to the local HTTP API. Rejects if the signal aborts, or if there is no answer within 45 s. */
export function postRequest(
  url: string,
  { path, contentType, headers, body }: PostedRequest,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...headers },
    body: new Uint8Array(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
}

/**
 * Returns a function that posts a request to the local HTTP API. The function resolves to true if no further attempt is needed,
 * that is, if the status of the answer is 200 or `stop`.
 */
export function postTo(
  url: string,
  request: PostedRequest,
  stop: number | undefined,
): (signal: AbortSignal) => Promise<boolean> {
  return async (signal) => {
    try {
      const { status, body: answer } = await postRequest(url, request, signal);
      await answer?.cancel();
      return status === 200 || status === stop;
    } catch {
      return false;
    }
  };
}
