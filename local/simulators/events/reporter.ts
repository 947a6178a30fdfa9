import type { StackClock } from '../../clock.ts';
import type { PostedRequest } from '../inbound/posting.ts';

/** Reports an event in the provider's own form, after a time in milliseconds of stack time. */
export type Report = (event: object, afterMs: number) => void;

/** Sends events on their way; resolves when they have arrived. */
export type Deliver = (events: readonly object[]) => EventDelivery;

/** A delivery of events: each try, and the pauses before the later ones. */
export interface EventDelivery {
  /** Posts the events once. Returns whether the delivery has ended: the events have arrived, or are given up. */
  attempt(signal: AbortSignal): Promise<boolean>;
  /** Pauses before the second and each later try, in minutes of stack time. */
  readonly minutes: readonly number[];
}

/** Posts at a time. */
const AT_A_TIME = 8;

/** The reports of one simulated provider: sends each when it is due, and again by the provider's schedule. */
export class Reporter {
  readonly #clock: StackClock;
  readonly #deliver: Deliver;
  /** Largest number of events of one post. */
  readonly #most: number;
  readonly #inFlight = new Set<Promise<void>>();
  #due: object[] = [];
  /** Ends the waits of deliveries until their time. */
  #waiting = new AbortController();
  /** Ends posts. */
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

  /** Drops the reports that are not on their way; those that are get `waitMs` of real time to arrive. */
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

/** Time that a provider waits for an answer; API Gateway answers within 30 s. */
const PATIENCE_MS = 45_000;

/** Returns a function that posts a request to the HTTP API: true if the answer is 200 or `stop`, which ends the delivery. */
export function postTo(
  url: string,
  { path, contentType, headers, body }: PostedRequest,
  stop: number | undefined,
): (signal: AbortSignal) => Promise<boolean> {
  return async (signal) => {
    try {
      const { status, body: answer } = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': contentType, ...headers },
        body: new Uint8Array(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
      await answer?.cancel();
      return status === 200 || status === stop;
    } catch {
      return false;
    }
  };
}
