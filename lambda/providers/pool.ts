import type { ProviderConfig, ProviderType } from '../contract/providers.ts';
import type { Log } from '../platform/log.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import { within } from '../platform/within.ts';
import type { Provider, ProviderDefinition, ProviderModule } from './provider.ts';

/** The part of the registry that calling needs. */
export interface Registry {
  readonly definitions: Readonly<Record<ProviderType, ProviderDefinition>>;
  readonly loadProvider: (type: ProviderType) => Promise<ProviderModule<ProviderConfig['options']>>;
}

/** What became of a call. */
export type Used<R> =
  | { readonly kind: 'done'; readonly result: R }
  /** There was no provider to call: its secret cannot be read, or it cannot be set up from its options. Nothing was asked. */
  | { readonly kind: 'unusable'; readonly reason: 'secret-unreadable' | 'not-usable'; readonly detail: string }
  /** A defect of ours in the provider's code. */
  | { readonly kind: 'crashed'; readonly detail: string };

/** One use of a provider, whatever it is asked for. */
export interface Use<R> {
  readonly deadlineMs: number;
  readonly connectMs: number;
  call(provider: Provider, leftMs: number): Promise<R>;
  /** Whether the answer says that the credentials are wrong: then the secret is read once more. */
  isAuthentication(result: R): boolean;
}

/** The configured providers of a process, ready to be called. */
export interface ProviderPool {
  /** Never throws. The secret, the call and a second call share one deadline. */
  use<R>(config: ProviderConfig, use: Use<R>): Promise<Used<R>>;
  /** Loads what the first use would load: secret, code and SDK. Never throws; after {@link PREPARE_MS} the first use goes on with it. */
  prepare(config: ProviderConfig): Promise<void>;
}

/** Longer than any cold start; a secret that takes longer is left to the attempt, which says so. */
const PREPARE_MS = 3_000;

/**
 * Keeps one provider per key and secret for the life of the process.
 * After an authentication error the secret is read once more, so that a rotation heals itself without a deployment.
 */
export function providerPool(
  registry: Registry,
  secrets: Secrets,
  endpoints: Readonly<Record<string, string>>,
  log: Log,
): ProviderPool {
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

  return {
    async prepare(config) {
      const prepared = readSecret(config).then((secret) => providerFor(config, secret));
      await within(PREPARE_MS, prepared).catch(() => undefined);
    },
    async use(config, { deadlineMs, connectMs, call, isAuthentication }) {
      const begun = Date.now();
      // The function's time-out is made of these deadlines.
      const leftMs = () => deadlineMs - (Date.now() - begun);
      let secret: Secret;
      try {
        secret = await within(deadlineMs / 2, readSecret(config));
      } catch (error) {
        return { kind: 'unusable', reason: 'secret-unreadable', detail: nameOf(error) };
      }
      let provider: Provider;
      try {
        provider = await providerFor(config, secret);
      } catch (error) {
        log.error('provider not usable', { provider: config.key, error: nameOf(error) });
        return { kind: 'unusable', reason: 'not-usable', detail: nameOf(error) };
      }
      try {
        const first = await call(provider, leftMs());
        if (!isAuthentication(first)) return { kind: 'done', result: first };
        const fresh = await within(leftMs(), readSecret(config, true)).catch(() => secret);
        if (same(secret, fresh) || leftMs() < connectMs) return { kind: 'done', result: first };
        const renewed = await providerFor(config, fresh).catch(() => undefined);
        return { kind: 'done', result: renewed ? await call(renewed, leftMs()) : first };
      } catch (error) {
        log.error('provider code failed', { provider: config.key, error: nameOf(error) });
        return { kind: 'crashed', detail: nameOf(error) };
      }
    },
  };
}

function needsSecret(config: ProviderConfig, { definitions }: Registry): boolean {
  return config.secretName !== undefined || definitions[config.type].secretFields.length > 0;
}

function same(a: Secret, b: Secret): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
