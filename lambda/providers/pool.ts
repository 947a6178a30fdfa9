import { type Stage, secretNameOf } from '../contract/deployment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { WorkerReason } from '../mail/reason.ts';
import { defined } from '../platform/defined.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Secret, type Secrets, UnusableSecret } from '../platform/secrets.ts';
import { CallTimeoutError, withTimeout } from '../platform/with-timeout.ts';
import type { Provider, ProviderDefinition, ProviderModule } from './provider.ts';

/** The part of the registry of provider types that the pool needs. */
export interface Registry {
  readonly definitions: Readonly<Record<string, ProviderDefinition>>;
  readonly loadProvider: (type: string) => Promise<ProviderModule<object>>;
}

/**
 * Reason why a process cannot call a provider. `secrets-unreachable`: Secrets Manager gives no answer. `not-loaded`: the
 * provider's code cannot be loaded. Any other reason is a fault of the process itself.
 */
export type Unready = 'secrets-unreachable' | 'not-loaded' | WorkerReason;

/** Properties of the deployment in which the pool runs, and its log and metrics. */
interface Surroundings {
  /** Name of the deployment. The default names of secrets begin with this name. */
  readonly name: string;
  /** @default - treated as `live` */
  readonly stage?: Stage;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'add'>;
}

/** Result of using a provider. */
export type Used<R> =
  | { readonly kind: 'done'; readonly result: R; readonly secret: Secret }
  /**
   * The provider could not be created: its secret is unusable, or its code threw an error for this secret and these options.
   * Nothing was sent.
   */
  | { readonly kind: 'unusable'; readonly reason: 'secret-unreadable' | 'not-usable'; readonly detail: string }
  /** This process cannot call the provider now. This result says nothing about the provider. The provider accepted nothing. */
  | { readonly kind: 'unready'; readonly reason: Unready; readonly detail: string }
  /** Our code for the provider threw an error during the call, so the code has a defect. */
  | { readonly kind: 'crashed'; readonly detail: string };

/** Describes one use of a provider, for any kind of call. */
export interface Use<R> {
  readonly deadlineMs: number;
  readonly connectMs: number;
  call(provider: Provider, leftMs: number): Promise<R>;
  /** Returns the reason if only this process is at fault for the result; undefined for any other result. */
  ownFault(result: R): WorkerReason | undefined;
  /** Whether the result means that the provider refused the credentials. If so, the secret is read again. */
  isAuthentication(result: R): boolean;
}

/** The configured providers of a process. */
export interface ProviderPool {
  /**
   * Calls a provider. If the provider refuses the credentials and the secret has changed in Secrets Manager, calls the provider
   * once more with the new secret. Reading the secret and both calls share one deadline. Never throws.
   */
  use<R>(config: ProviderConfig, use: Use<R>): Promise<Used<R>>;
  /**
   * Loads in advance what the first use of a provider would load: its secret, code and SDK. Waits for {@link PREPARE_MS} at most.
   * Resolves with a reason if this process cannot use the provider now. Resolves with undefined if the provider's secret or
   * options are at fault, since `use` reports this fault. Never throws.
   */
  prepare(config: ProviderConfig): Promise<Unready | undefined>;
}

/** Time-out of `prepare` in milliseconds. It is longer than any cold start takes. */
const PREPARE_MS = 3_000;

/**
 * Time in milliseconds after a call that failed because of this process alone. In this time `prepare` loads nothing, and returns
 * the reason of the failed call.
 */
const FAULT_MS = 2_000;

/**
 * Creates the pool of a process. The pool keeps one provider object for each provider key and options, and replaces the object
 * when the secret changes. After an authentication error the secret is read again, so that a rotation of the secret needs no
 * deployment. A call that failed because of this process alone is logged, and has the result `unready`.
 */
export function providerPool(
  registry: Registry,
  secrets: Secrets,
  endpoints: Readonly<Record<string, string>>,
  { name, stage, log, metrics }: Surroundings,
): ProviderPool {
  const cache = new Map<string, { readonly secret: Secret; readonly provider: Promise<Provider> }>();

  const ownFaults = new Map<string, { readonly reason: WorkerReason; readonly until: number }>();
  /** Configured providers for which `prepare` has succeeded. Their secret, code and SDK are in the memory of the process. */
  const prepared = new WeakSet<ProviderConfig>();

  const providerFor = (config: ProviderConfig, secret: Secret): Promise<Provider> => {
    // The cache key contains the options too: a look-up may use the options that the provider had at the time of an earlier
    // attempt.
    const account = JSON.stringify([config.key, config.options]);
    const known = cache.get(account);
    if (known && same(known.secret, secret)) return known.provider;
    // The old provider object is not closed: its connections may still be in use, and idle connections end by themselves.
    const endpoint = endpoints[config.key];
    const provider = load(config.type).then((type) =>
      type.create({
        key: config.key,
        options: config.options,
        secret,
        ...defined({ endpoint: endpoint || undefined, sandbox: stage === 'sandbox' || undefined }),
      }),
    );
    provider.catch(() => {
      if (cache.get(account)?.provider === provider) cache.delete(account);
    });
    cache.set(account, { secret, provider });
    return provider;
  };

  const load = (type: string) =>
    registry.loadProvider(type).catch((error: unknown) => {
      throw new UnreadyError('not-loaded', error);
    });

  const done = <R>(config: ProviderConfig, use: Use<R>, result: R, secret: Secret): Used<R> => {
    const reason = use.ownFault(result);
    if (reason === undefined) return { kind: 'done', result, secret };
    ownFaults.set(config.key, { reason, until: Date.now() + FAULT_MS });
    // The detail of the result is not logged: AWS's error message about a wrong signature quotes the signed request.
    log.error('provider not called', { provider: config.key, reason });
    if (reason !== 'local-limit') metrics.add('CredentialsRefused', 1);
    return { kind: 'unready', reason, detail: reason };
  };

  const readSecret = async (config: ProviderConfig, fresh = false): Promise<Secret> => {
    if (!needsSecret(config, registry)) return {};
    try {
      return await secrets.read(secretNameOf(config, name), fresh);
    } catch (error) {
      throw error instanceof UnusableSecret ? error : new UnreadyError('secrets-unreachable', error);
    }
  };

  return {
    async prepare(config) {
      const own = ownFaults.get(config.key);
      if (own && Date.now() < own.until) return own.reason;
      if (prepared.has(config)) return undefined;
      let waitsFor: Unready = 'secrets-unreachable';
      const preparing = readSecret(config).then((secret) => {
        waitsFor = 'not-loaded';
        return providerFor(config, secret);
      });
      try {
        await withTimeout(PREPARE_MS, preparing);
        prepared.add(config);
        return undefined;
      } catch (error) {
        if (error instanceof CallTimeoutError) return waitsFor;
        return error instanceof UnreadyError ? error.reason : undefined;
      }
    },
    async use(config, use) {
      const { deadlineMs, connectMs, call, isAuthentication } = use;
      const begun = Date.now();
      // All steps share the deadline `deadlineMs`, since the time-out of the Lambda function is calculated from the deadlines of
      // the providers.
      const leftMs = () => deadlineMs - (Date.now() - begun);
      let secret: Secret;
      try {
        secret = await withTimeout(deadlineMs / 2, readSecret(config));
      } catch (error) {
        if (error instanceof UnusableSecret)
          return { kind: 'unusable', reason: 'secret-unreadable', detail: error.reason };
        return { kind: 'unready', reason: 'secrets-unreachable', detail: causeName(error) };
      }
      let provider: Provider;
      try {
        provider = await providerFor(config, secret);
      } catch (error) {
        const detail = causeName(error);
        log.error('provider not usable', { provider: config.key, error: detail });
        if (error instanceof UnreadyError) return { kind: 'unready', reason: error.reason, detail };
        return { kind: 'unusable', reason: 'not-usable', detail };
      }
      try {
        const first = await call(provider, leftMs());
        if (!isAuthentication(first)) return done(config, use, first, secret);
        const fresh = await withTimeout(leftMs(), readSecret(config, true)).catch(() => secret);
        if (same(secret, fresh) || leftMs() < connectMs) return done(config, use, first, secret);
        const renewed = await providerFor(config, fresh).catch(() => undefined);
        if (!renewed) return done(config, use, first, secret);
        return done(config, use, await call(renewed, leftMs()), fresh);
      } catch (error) {
        log.error('provider code failed', { provider: config.key, error: causeName(error) });
        return { kind: 'crashed', detail: causeName(error) };
      }
    },
  };
}

function needsSecret(config: ProviderConfig, { definitions }: Registry): boolean {
  return config.secretName !== undefined || (definitions[config.type]?.secretFields.length ?? 0) > 0;
}

function same(a: Secret, b: Secret): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Returns the name of an error or, for an UnreadyError, the name of its cause. */
function causeName(error: unknown): string {
  return errorName(error instanceof UnreadyError ? error.cause : error);
}

/** Error: this process cannot call a provider now. */
class UnreadyError extends Error {
  override readonly name = 'UnreadyError';
  readonly reason: Unready;

  constructor(reason: Unready, cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}
