import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import { EVENT_VERSION } from '../contract/event-enums.ts';
import type { UnsubscribeEnvironment } from '../contract/unsubscribe-environment.ts';
import { enqueueEvent } from '../events/enqueue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Queue } from '../platform/queue.ts';
import type { Secrets } from '../platform/secrets.ts';
import { reportError } from '../platform/service-failure.ts';
import { readUnsubscribeToken, type Subscription } from '../suppression/unsubscribe-token.ts';
import { OWN_SOURCE, type Unsubscribed, type Unsubscribes } from '../suppression/unsubscribes.ts';
import { ONE_CLICK, PAGES, type PageAnswer } from './page.ts';

export interface UnsubscribeDependencies {
  readonly environment: Pick<UnsubscribeEnvironment, 'eventsQueueUrl' | 'suppressionSecret'>;
  readonly secrets: Secrets;
  readonly unsubscribes: Pick<Unsubscribes, 'add' | 'markReported'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'add'>;
}

export interface LinkRequest {
  readonly method: string;
  readonly token: string;
  readonly body: string;
}

/** Answers a request to an unsubscribe link. Only a POST with the field of RFC 8058 changes anything; a repeated POST gets the same answer. */
export async function answerLink(
  { method, token, body }: LinkRequest,
  dependencies: UnsubscribeDependencies,
): Promise<PageAnswer> {
  const { environment, secrets, clock, log, metrics } = dependencies;
  try {
    const subscription = readUnsubscribeToken(token, await secrets.read(environment.suppressionSecret));
    if (subscription === undefined) return PAGES.invalid;
    if (method !== 'POST') return PAGES.ask;
    if (!isOneClick(body)) return PAGES.wrong;
    const item = await dependencies.unsubscribes.add(subscription, { at: clock.now(), source: OWN_SOURCE });
    if (!item.reported) await tell(subscription, item, dependencies);
    log.info('unsubscribe', { outcome: item.reported ? 'again' : 'taken', class: subscription.class });
    return PAGES.done;
  } catch (error) {
    metrics.add('UnsubscribeFailures', 1);
    log.error('unsubscribe', { outcome: 'failed', ...reportError(error) });
    return PAGES.failed;
  }
}

async function tell(subscription: Subscription, item: Unsubscribed, dependencies: UnsubscribeDependencies) {
  const { queue, environment, unsubscribes } = dependencies;
  await enqueueEvent(queue, environment.eventsQueueUrl, unsubscribedEvent(subscription, item));
  await unsubscribes.markReported(subscription);
}

/** Makes the event of an unsubscribe. If the event is queued again after a failure, it has the same id. */
function unsubscribedEvent({ address, class: name }: Subscription, { at }: Unsubscribed): DeliveryEvent {
  const id = createHash('sha256').update(`unsubscribed\0${name}\0${address}\0${at}`).digest('base64url');
  return {
    version: EVENT_VERSION,
    id,
    provider: OWN_SOURCE,
    providerEventId: id,
    type: 'unsubscribed',
    recipient: address,
    class: name,
    at: new Date(at).toISOString(),
  };
}

/** Whether a request body contains the form field of RFC 8058. The RFC allows URL-encoded forms and multipart forms. */
function isOneClick(body: string): boolean {
  const [name, value] = ONE_CLICK;
  return new URLSearchParams(body).get(name) === value || body.includes(`name="${name}"\r\n\r\n${value}`);
}
