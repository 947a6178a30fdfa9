import type { SQSRecord } from 'aws-lambda';
import type { PosterEnvironment } from '../contract/poster-environment.ts';
import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Secrets } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { sign } from './sign.ts';

export interface PostDependencies {
  readonly environment: Pick<PosterEnvironment, 'url' | 'signingSecret' | 'queueUrl'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  fetch(url: string, request: RequestInit): Promise<Response>;
  /** Makes a received message invisible on its queue for `seconds` seconds. */
  defer(queueUrl: string, receiptHandle: string, seconds: number): Promise<void>;
}

/**
 * Error: the application did not accept an event. SQS then delivers the event again, until the application accepts it, or SQS
 * moves it to the dead-letter queue.
 */
export class NotTakenError extends ServiceError {
  override readonly name = 'NotTakenError';
}

/**
 * Time-out of one POST request, in milliseconds; the Standard Webhooks specification recommends 15 to 30 s, and one invocation
 * posts up to ten events at the same time.
 */
const POST_MS = 15_000;
const FIRST_WAIT_S = 5;
const LONGEST_WAIT_S = 3_600;

/**
 * Posts one message of the events queue to the application; any 2xx status means that the application accepted it.
 *
 * @throws NotTakenError if the application did not accept the message. The message is then visible again after 5 s; this time
 * doubles each time the message is received, up to an hour. If the time in Retry-After is longer, it is used instead, up to an
 * hour. Up to a quarter is added at random
 */
export async function postEvent(
  { body, messageId, receiptHandle, attributes }: SQSRecord,
  dependencies: PostDependencies,
): Promise<void> {
  const { environment, secrets, clock, log } = dependencies;
  const headers = sign(idOf(body) ?? messageId, clock.now(), body, await secrets.read(environment.signingSecret));
  const begun = clock.now();
  const answer = await dependencies
    .fetch(environment.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Mailover', ...headers },
      body,
      // A redirect is not followed, since only the configured address may get events.
      redirect: 'manual',
      signal: AbortSignal.timeout(POST_MS),
    })
    .then(
      async (response) => {
        // The body of the answer is not read, so that a long answer costs nothing.
        await response.body?.cancel().catch(() => undefined);
        return { status: response.status, retryAfter: Number(response.headers.get('retry-after') ?? Number.NaN) };
      },
      (error: unknown) => ({ error: errorName(error), retryAfter: Number.NaN }),
    );
  if ('status' in answer && answer.status >= 200 && answer.status < 300) return;
  const receives = Number(attributes.ApproximateReceiveCount);
  const waitS = waitSeconds(receives, answer.retryAfter, dependencies.random());
  const { retryAfter, ...fields } = answer;
  log.warn('event not taken', { ...fields, receives, waitS, durationMs: clock.now() - begun });
  // If this call fails, the message is visible again after the visibility time-out of its queue.
  await dependencies.defer(environment.queueUrl, receiptHandle, waitS).catch(() => undefined);
  throw new NotTakenError('the application did not accept the event');
}

/** Returns the seconds until the next try, with jitter of up to a quarter, so that the events of a burst are not retried at the same time. */
function waitSeconds(receives: number, retryAfter: number, random: number): number {
  const usual = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** Math.min(20, receives - 1));
  const asked = retryAfter > 0 ? Math.min(LONGEST_WAIT_S, retryAfter) : 0;
  return Math.ceil(Math.max(usual, asked) * (1 + random / 4));
}

/** Returns the id of an event. The id is the same each time the event is posted. */
function idOf(body: string): string | undefined {
  try {
    const { id } = JSON.parse(body) as { readonly id?: unknown };
    return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
