import type { AwsAccess, JsonCall } from './aws-json.ts';
import { isObject } from './is-object.ts';
import type { Metrics } from './metrics.ts';

export type Secret = Readonly<Record<string, string>>;

export interface Secrets {
  /**
   * Returns the secret with this name. If `fresh` is true, the secret is read from Secrets Manager. Otherwise the cached value is used; see
   * {@link managedSecrets}.
   *
   * @throws UnusableSecret if the secret is missing, forbidden or malformed. Any other error comes from Secrets Manager or from
   * the connection to it.
   */
  read(name: string, fresh?: boolean): Promise<Secret>;
}

/**
 * Error: the secret does not exist, the function has no permission to read or decrypt it, or its value is not a JSON object of
 * strings. A retry does not help.
 */
export class UnusableSecret extends Error {
  override readonly name = 'UnusableSecret';
  readonly reason: 'missing' | 'forbidden' | 'malformed';

  constructor(reason: UnusableSecret['reason']) {
    super(`the secret is ${reason}`);
    this.reason = reason;
  }
}

const CACHE_MS = 5 * 60_000;
/** Shortest time, in milliseconds, from a failed attempt to read a cached secret again to the next attempt. */
const RETRY_MS = 30_000;
/**
 * Time, in milliseconds, for which a read is not repeated after Secrets Manager has failed. In this time, callers immediately get
 * the same error. Otherwise the messages of a batch would wait for one time-out after the other.
 */
const FAILED_MS = 2_000;

interface Known {
  readonly secret: Secret;
  /** Time in epoch milliseconds after which the secret is read again at its next use. */
  readonly staleAt: number;
}

/**
 * Reads secrets from AWS Secrets Manager, and caches them in the process. A cached secret is read again at its first use after
 * five minutes. While it is read again, the outdated value is still used. Therefore a slow Secrets Manager delays no mail, and a
 * failing Secrets Manager stops no mail, once the secret has been cached. The metric `SecretsUnreachable` counts every read that
 * fails because of Secrets Manager.
 */
export function managedSecrets(metrics: Pick<Metrics, 'add'>): Secrets {
  const cache = new Map<string, Known>();
  const reading = new Map<string, Promise<Secret>>();
  const failed = new Map<string, { readonly error: unknown; readonly until: number }>();

  const refresh = (name: string): Promise<Secret> => {
    const underWay = reading.get(name);
    if (underWay !== undefined) return underWay;
    const before = failed.get(name);
    if (before !== undefined && before.until > Date.now()) return Promise.reject(before.error);
    const read = fetchSecret(name)
      .then(
        (secret) => {
          cache.set(name, { secret, staleAt: Date.now() + CACHE_MS });
          failed.delete(name);
          return secret;
        },
        (error: unknown) => {
          const known = cache.get(name);
          if (known) cache.set(name, { ...known, staleAt: Date.now() + RETRY_MS });
          if (!(error instanceof UnusableSecret)) {
            failed.set(name, { error, until: Date.now() + FAILED_MS });
            metrics.add('SecretsUnreachable', 1);
          }
          throw error;
        },
      )
      .finally(() => reading.delete(name));
    reading.set(name, read);
    return read;
  };

  return {
    async read(name, fresh = false) {
      const known = cache.get(name);
      if (!known || fresh) return refresh(name);
      if (Date.now() >= known.staleAt) refresh(name).catch(() => undefined);
      return known.secret;
    },
  };
}

let service: Promise<JsonCall> | undefined;

async function fetchSecret(name: string): Promise<Secret> {
  // The client of Secrets Manager is created at the first use, since not every provider has a secret.
  service ??= serviceOf();
  return await readBy(await service, name);
}

/**
 * Reads a secret once, without the cache. This function is for callers outside a Lambda function.
 *
 * @throws UnusableSecret if the secret is missing, forbidden or malformed
 */
export async function readSecret(name: string, access: AwsAccess): Promise<Secret> {
  return await readBy(await serviceOf(access), name);
}

async function serviceOf(access?: AwsAccess): Promise<JsonCall> {
  const { awsJson } = await import('./aws-json.ts');
  return awsJson(
    {
      name: 'secretsmanager',
      target: 'secretsmanager',
      version: '1.1',
      endpointVariable: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
      limits: { connectionTimeout: 2_000, requestTimeout: 2_000 },
    },
    access,
  );
}

async function readBy(call: JsonCall, name: string): Promise<Secret> {
  let text: string | undefined;
  try {
    text = ((await call('GetSecretValue', { SecretId: name })) as { readonly SecretString?: string }).SecretString;
  } catch (error) {
    const reason = faultOfSecret(error);
    throw reason === undefined ? error : new UnusableSecret(reason);
  }
  return parseSecret(text);
}

/**
 * Returns why the secret is unusable, if an error of GetSecretValue reports this. Returns undefined if the error comes from
 * Secrets Manager, from the credentials of the function, or from a wrong local clock (API_GetSecretValue and CommonErrors of
 * Secrets Manager, 2026-11-28).
 */
function faultOfSecret(error: unknown): 'missing' | 'forbidden' | undefined {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  if (name === 'ResourceNotFoundException') return 'missing';
  // InvalidRequestException is permanent only if the secret is marked for deletion.
  if (name === 'InvalidRequestException' && /deletion|deleted/i.test(message)) return 'missing';
  return name === 'AccessDeniedException' || name === 'AccessDenied' || name === 'DecryptionFailure'
    ? 'forbidden'
    : undefined;
}

function parseSecret(text: string | undefined): Secret {
  let fields: unknown;
  try {
    fields = JSON.parse(text ?? 'null');
  } catch {
    throw new UnusableSecret('malformed');
  }
  if (!isObject(fields) || !Object.values(fields).every((value) => typeof value === 'string'))
    throw new UnusableSecret('malformed');
  return fields as Secret;
}
