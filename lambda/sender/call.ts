import type { ProviderConfig, ProviderType } from '../contract/providers.ts';
import { type AttemptResult, AUTHENTICATION } from '../mail/outcome.ts';
import type { Log } from '../platform/log.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import { within } from '../platform/within.ts';
import type { Attempt, Provider, ProviderDefinition, ProviderModule } from '../providers/provider.ts';

/** Calls one provider once; whatever happens is a value. */
export type CallProvider = (provider: ProviderConfig, attempt: Attempt) => Promise<AttemptResult>;

/** The part of the registry that calling needs. */
export interface Registry {
  readonly definitions: Readonly<Record<ProviderType, ProviderDefinition>>;
  readonly loadProvider: (type: ProviderType) => Promise<ProviderModule<ProviderConfig['options']>>;
}

/** Reason for a provider whose secret cannot be read: to its circuit the same as a refused account. */
const SECRET_UNREADABLE = 'secret-unreadable';

/** Reason for a provider that cannot be set up from its options and secret: nothing was sent. */
const NOT_USABLE = 'not-usable';

/**
 * Keeps one provider per key and secret for the life of the process.
 * After an authentication error the secret is read once more, so that a rotation heals itself without a deployment.
 */
export function providerCaller(
  registry: Registry,
  secrets: Secrets,
  endpoints: Readonly<Record<string, string>>,
  log: Log,
): CallProvider {
  const kept = new Map<string, { readonly secret: Secret; readonly provider: Promise<Provider> }>();

  const providerFor = (config: ProviderConfig, secret: Secret): Promise<Provider> => {
    const known = kept.get(config.key);
    if (known && same(known.secret, secret)) return known.provider;
    // The old one is not closed: mails may be under way on its connections, and idle ones end by themselves.
    const endpoint = endpoints[config.key];
    const provider = registry
      .loadProvider(config.type)
      .then((type) => type.create({ key: config.key, options: config.options, secret, ...(endpoint && { endpoint }) }));
    provider.catch(() => {
      if (kept.get(config.key)?.provider === provider) kept.delete(config.key);
    });
    kept.set(config.key, { secret, provider });
    return provider;
  };

  const readSecret = (config: ProviderConfig, fresh = false): Promise<Secret> =>
    needsSecret(config, registry)
      ? secrets.read(config.secretName ?? `mailover/${config.key}`, fresh)
      : Promise.resolve({});

  return async (config, attempt) => {
    const begun = Date.now();
    // The secret, the call and a second call share one deadline: the function's time-out is made of these.
    const leftMs = () => attempt.deadlineMs - (Date.now() - begun);
    let secret: Secret;
    try {
      secret = await within(attempt.deadlineMs / 2, readSecret(config));
    } catch (error) {
      return { outcome: { kind: 'unavailable', blames: 'account', reason: SECRET_UNREADABLE, detail: nameOf(error) } };
    }
    let provider: Provider;
    try {
      provider = await providerFor(config, secret);
    } catch (error) {
      log.error('provider not usable', { provider: config.key, error: nameOf(error) });
      return { outcome: { kind: 'unavailable', blames: 'account', reason: NOT_USABLE, detail: nameOf(error) } };
    }
    try {
      const first = await provider.send({ ...attempt, deadlineMs: leftMs() });
      if (!isAuthentication(first)) return first;
      const fresh = await within(leftMs(), readSecret(config, true)).catch(() => secret);
      if (same(secret, fresh) || leftMs() < attempt.connectMs) return first;
      const renewed = await providerFor(config, fresh).catch(() => undefined);
      return renewed ? await renewed.send({ ...attempt, deadlineMs: leftMs() }) : first;
    } catch (error) {
      // A defect of ours in one provider's code must not keep the mail from the others; whether it went out is not known.
      log.error('provider code failed', { provider: config.key, error: nameOf(error) });
      return { outcome: { kind: 'unknown', reason: 'crashed', detail: nameOf(error) } };
    }
  };
}

function needsSecret(config: ProviderConfig, { definitions }: Registry): boolean {
  return config.secretName !== undefined || definitions[config.type].secretFields.length > 0;
}

function isAuthentication({ outcome }: AttemptResult): boolean {
  return outcome.kind === 'unavailable' && outcome.reason === AUTHENTICATION;
}

function same(a: Secret, b: Secret): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
