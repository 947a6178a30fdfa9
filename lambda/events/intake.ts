import type { EventsEnvironment, EventsProvider } from '../contract/events-environment.ts';
import type { Secrets } from '../platform/secrets.ts';
import { reportError } from '../platform/service-failure.ts';
import type { Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { ReadEvents } from '../providers/event.ts';
import { definitionOf } from '../providers/registry.ts';
import type { WebhookModule } from '../providers/webhook.ts';
import type { HttpAnswer } from '../webhook/answer.ts';
import { type Arrival, createAuthenticator } from '../webhook/authenticate.ts';
import { bindToken } from '../webhook/replay-token.ts';
import { COUNTED_AS, type EventOutcome, eventAnswer } from './outcome.ts';
import { type TakeEventDependencies, takeEvents } from './take.ts';

/** Dependencies of processing posted events. */
export interface EventsDependencies extends TakeEventDependencies {
  readonly environment: EventsEnvironment;
  readonly secrets: Secrets;
  readonly table: Table;
  loadModule(type: string): Promise<WebhookModule<ReadEvents>>;
}

/**
 * Largest request, in bytes. SendGrid posts at most 768 KB (event webhook reference, 2026-11-29); each other provider posts
 * one event per request.
 */
export const MAX_BODY_BYTES = 1_048_576;

interface Result {
  readonly outcome: EventOutcome;
  readonly detail?: string | undefined;
  readonly events?: number;
}

/**
 * Creates the function that handles a request with delivery events: authenticates it, reads it, processes each event, and
 * answers. A request that takes longer than `limitMs` milliseconds fails, so that the function can answer and count the failure
 * before Lambda's time-out ends the function.
 */
export function createEventIntake(
  dependencies: EventsDependencies,
): (arrival: Arrival, limitMs?: number) => Promise<HttpAnswer> {
  const { environment, log, metrics, clock, table } = dependencies;
  const authenticate = createAuthenticator(dependencies.secrets, clock, 'eventsPath');

  return async (arrival, limitMs) => {
    const begun = clock.now();
    const provider = environment.providers.find(
      ({ key, type }) => key === arrival.key && definitionOf(type).events?.over === 'http',
    );
    if (provider === undefined) {
      // The provider key in the path is not logged: a stranger may have sent it, or it may be a part of the secret path.
      log.warn('events', { outcome: 'unknown-path', bytes: arrival.body.length });
      return eventAnswer('unknown-path');
    }
    const { outcome, detail, events } = await withTimeout(limitMs, take(arrival, provider)).catch(failed);
    metrics.add('EventRequests', 1, { provider: provider.key, outcome: COUNTED_AS[outcome] });
    const fields = {
      provider: provider.key,
      outcome,
      detail,
      events,
      bytes: arrival.body.length,
      durationMs: clock.now() - begun,
    };
    if (outcome === 'taken') log.info('events', fields);
    else log.warn('events', fields);
    return eventAnswer(outcome);
  };

  async function take(arrival: Arrival, provider: EventsProvider): Promise<Result> {
    if (arrival.body.length > MAX_BODY_BYTES) return { outcome: 'too-large' };
    const module = await dependencies.loadModule(provider.type);
    const authenticated = await authenticate(arrival, provider, module);
    if (authenticated.kind === 'unknown-path') return { outcome: 'unknown-path' };
    if (authenticated.kind === 'refused') return { outcome: 'refused', detail: authenticated.reason };
    const posted = authenticated.read();
    // The token of the signature is not recorded as used: the provider may send the mail again with the same token, after
    // the address for received mail has been corrected in the provider's settings.
    if (posted.kind === 'mail') return { outcome: 'misdirected' };
    if (authenticated.once && !(await bindToken(table, clock, authenticated.once))) return { outcome: 'replayed' };
    if (posted.kind === 'unreadable') return { outcome: 'unreadable', detail: posted.detail };
    await takeEvents(provider.key, posted.events, dependencies);
    return { outcome: 'taken', events: posted.events.length };
  }
}

function failed(error: unknown): Result {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  const { error: name, detail } = reportError(first);
  return { outcome: 'failed', detail: detail === undefined ? name : `${name}: ${detail}` };
}
