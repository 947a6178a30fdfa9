import type { InboundEnvironment, InboundProvider } from '../contract/inbound-environment.ts';
import type { InboundOutcome } from '../contract/metric-outcomes.ts';
import { defined } from '../platform/defined.ts';
import type { Log } from '../platform/log.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import { reportError, ServiceError } from '../platform/service-failure.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { InboundModule, PostedMail } from '../providers/inbound.ts';
import { definitionOf } from '../providers/registry.ts';
import type { HttpAnswer } from '../webhook/answer.ts';
import { type Arrival, createAuthenticator } from '../webhook/authenticate.ts';
import { bindToken } from '../webhook/replay-token.ts';
import { fetchStored } from './fetch-stored.ts';
import { httpAnswer } from './outcome.ts';
import { keepRaw, keepUnreadable } from './raw.ts';
import type { Kept, TakeDependencies, Taken } from './take.ts';

export interface InboundDependencies extends TakeDependencies {
  readonly environment: InboundEnvironment;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly fetch: typeof fetch;
  loadModule(type: string): Promise<InboundModule>;
}

/** Outcome of one request, for the answer and the log. */
interface Result {
  readonly outcome: InboundOutcome;
  readonly detail?: string;
  readonly ids?: readonly string[];
}

/**
 * Creates the function that handles a request with received mail: authenticates it, stores the raw mail, parses the mail, sends
 * it to the inbound queue once per recipient, and answers. A request that takes longer than `limitMs` milliseconds fails, so that
 * the function can answer and count the failure before Lambda's time-out ends the function.
 */
export function createInbound(
  dependencies: InboundDependencies,
): (arrival: Arrival, limitMs?: number) => Promise<HttpAnswer> {
  const { environment, log, metrics, clock } = dependencies;
  const authenticate = createAuthenticator(dependencies.secrets, clock, 'inboundPath');

  return async (arrival, limitMs) => {
    const begun = clock.now();
    const provider = environment.providers.find(
      ({ key, type }) => key === arrival.key && definitionOf(type).inbound?.over === 'http',
    );
    if (provider === undefined) {
      // The provider key in the path is not logged: a stranger may have sent it, or it may be a part of the secret path.
      metrics.add('InboundUnknownKey', 1);
      log.warn('inbound', { outcome: 'unknown-path', bytes: arrival.body.length });
      return httpAnswer('unknown-path');
    }
    const { outcome, detail, ids } = await withTimeout(limitMs, receive(arrival, provider)).catch(failed);
    metrics.add('InboundRequests', 1, { provider: provider.key, outcome });
    const fields = {
      provider: provider.key,
      outcome,
      detail,
      inboundId: ids?.join(' '),
      bytes: arrival.body.length,
      durationMs: clock.now() - begun,
    };
    if (outcome === 'delivered' || outcome === 'duplicate' || outcome === 'canary') log.info('inbound', fields);
    else log.warn('inbound', fields);
    return httpAnswer(outcome);
  };

  async function receive(arrival: Arrival, provider: InboundProvider): Promise<Result> {
    const module = await dependencies.loadModule(provider.type);
    const authenticated = await authenticate(arrival, provider, module);
    if (authenticated.kind === 'unknown-path') return { outcome: 'unknown-path' };
    if (authenticated.kind === 'refused') return { outcome: 'refused', detail: authenticated.reason };
    const posted = authenticated.read();
    // The token of the signature is not recorded as used: Mailgun may send the event again with the same token, after the
    // address for events has been corrected in Mailgun's settings.
    if (posted.kind === 'event') return { outcome: 'misdirected' };
    if (authenticated.once && !(await bindToken(dependencies.table, clock, authenticated.once)))
      return { outcome: 'replayed' };
    switch (posted.kind) {
      case 'unreadable':
        await keepUnreadable(dependencies.store, provider.key, arrival.body, arrival.contentType);
        return { outcome: 'unreadable', detail: posted.detail };
      case 'mail': {
        // The mail parsers are loaded only for mail: refused requests and events do not need them.
        const { takeMail } = await import('./take.ts');
        const taken: Taken[] = [];
        // The mails are processed one after the other, since a single mail may need most of the memory. After a failure the
        // provider posts all mails again; mails that were already delivered are recognised as duplicates.
        for (const mail of posted.mails)
          taken.push(await takeMail(await keep(arrival, provider, mail, module, authenticated.secret), dependencies));
        const ids = taken.flatMap((one) => one.ids);
        const [outcome] = (['busy', 'delivered', 'canary', 'duplicate'] as const).filter((one) =>
          taken.some((mail) => mail.outcome === one),
        );
        return outcome === 'busy' || outcome === undefined
          ? { outcome: 'failed', detail: 'another copy of this mail is being processed', ids }
          : { outcome, ids };
      }
    }
  }

  async function keep(
    arrival: Arrival,
    provider: InboundProvider,
    posted: PostedMail,
    module: InboundModule,
    secret: Secret,
  ): Promise<Kept> {
    const stored = posted.storedAt === undefined ? undefined : await fetchKept(provider, posted, module, secret);
    const mime = Buffer.isBuffer(stored) ? stored : posted.mime;
    const raw = await keepRaw(
      dependencies.store,
      provider.key,
      mime === undefined
        ? { form: 'request', content: arrival.body, contentType: arrival.contentType || 'application/octet-stream' }
        : { form: 'mime', content: mime, contentType: 'message/rfc822' },
    );
    return { provider, posted, raw, ...defined({ mime }), truncated: stored !== undefined && mime === undefined };
  }

  /**
   * Returns the mail that the provider stored, or the reason why it cannot be fetched. As long as the mail may still appear in
   * the provider's storage, an answer 404 or a temporary failure is thrown, so that the provider retries. If a reason is
   * returned, only the posted part of the mail is delivered.
   */
  async function fetchKept(provider: InboundProvider, posted: PostedMail, module: InboundModule, secret: Secret) {
    const last = clock.now() - (posted.takenAt ?? clock.now()) >= (module.storage?.appearsForMs ?? 0);
    try {
      const stored = await fetchStored(posted.storedAt ?? '', {
        storage: module.storage,
        endpoint: environment.endpoints?.[provider.key],
        secret,
        fetch: dependencies.fetch,
      });
      if (stored === 'missing' && !last) throw new ServiceError("the mail is not in the provider's storage yet");
      if (typeof stored === 'string') log.error('stored mail not readable', { provider: provider.key, detail: stored });
      return stored;
    } catch (error) {
      if (!last) throw error;
      log.error('stored mail not readable', { provider: provider.key, detail: 'unreachable' });
      return 'unreachable' as const;
    }
  }
}

function failed(error: unknown): Result {
  const { error: name, detail } = reportError(error);
  return { outcome: 'failed', detail: detail === undefined ? name : `${name}: ${detail}` };
}
