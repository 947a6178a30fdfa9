import type { AwsAccess, JsonCall } from './aws-json.ts';
import type { Metrics } from './metrics.ts';

export type Secret = Readonly<Record<string, string>>;

export interface Secrets {
  /**
   * The secret of this name, at most `CACHE_MS` old, or read now if `fresh`.
   *
   * @throws UnusableSecret if the secret itself is at fault; other errors are about Secrets Manager or the connection to
   * it
   */
  read(name: string, fresh?: boolean): Promise<Secret>;
}

/** The secret does not exist, may not be read, or is not a JSON object of strings: a retry does not help. */
export class UnusableSecret extends Error {
  override readonly name = 'UnusableSecret';
  readonly reason: 'missing' | 'forbidden' | 'malformed';

  constructor(reason: UnusableSecret['reason']) {
    super(`the secret is ${reason}`);
    this.reason = reason;
  }
}

const CACHE_MS = 5 * 60_000;
/** Time between two reads while the service fails. */
const RETRY_MS = 30_000;
/**
 * How long a failure is repeated without another read, so that the messages of a batch do not all wait for the same
 * time-out.
 */
const FAILED_MS = 2_000;

interface Known {
  readonly secret: Secret;
  /** Epoch milliseconds after which it is read again. */
  readonly staleAt: number;
}

/**
 * AWS Secrets Manager with a cache in the process: a rotation takes effect within five minutes without a read per
 * message. An outdated value is used once more while the secret is read again, so a slow service delays no mail and a
 * failing service stops none. Every read that fails because of the service is counted.
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
  // Loaded at the first use: not every provider has a secret.
  service ??= serviceOf();
  return await readBy(await service, name);
}

/**
 * Reads a secret once, for callers outside a Lambda function.
 *
 * @throws UnusableSecret if the secret itself is at fault
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
 * The fault of the secret according to an error of GetSecretValue; undefined if the service, our credentials or our clock
 * are at fault (API_GetSecretValue and CommonErrors of Secrets Manager, 2026-11-28).
 */
function faultOfSecret(error: unknown): 'missing' | 'forbidden' | undefined {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  if (name === 'ResourceNotFoundException') return 'missing';
  // The secret is marked for deletion; other causes of the same error are temporary.
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
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  if (!isObject || !Object.values(fields as object).every((value) => typeof value === 'string'))
    throw new UnusableSecret('malformed');
  return fields as Secret;
}
