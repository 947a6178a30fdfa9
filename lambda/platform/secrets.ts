import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The fields of a secret. */
export type Secret = Readonly<Record<string, string>>;

/** Reads the secrets of providers. */
export interface Secrets {
  /** The secret of this name, at most `CACHE_MS` old, or newly read if `fresh`. Throws if it cannot be read. */
  read(name: string, fresh?: boolean): Promise<Secret>;
}

const CACHE_MS = 5 * 60_000;
/** Between two tries while the service fails. */
const RETRY_MS = 30_000;

let client: SecretsManagerClient | undefined;
interface Known {
  readonly secret: Secret;
  /** Epoch milliseconds after which it is read again. */
  readonly staleAt: number;
}

const cache = new Map<string, Known>();
const reading = new Map<string, Promise<Secret>>();

/**
 * AWS Secrets Manager, cached in the process so that a rotation is seen within five minutes without a read per mail.
 * A stale value is used once more while the new one is read: a slow service delays no mail, and a failing one stops none.
 */
export const managedSecrets: Secrets = {
  async read(name, fresh = false) {
    const known = cache.get(name);
    if (!known || fresh) return refresh(name);
    if (Date.now() >= known.staleAt) refresh(name).catch(() => undefined);
    return known.secret;
  },
};

function refresh(name: string): Promise<Secret> {
  const underWay = reading.get(name);
  if (underWay !== undefined) return underWay;
  const read = fetchSecret(name)
    .then(
      (secret) => {
        cache.set(name, { secret, staleAt: Date.now() + CACHE_MS });
        return secret;
      },
      (error: unknown) => {
        const known = cache.get(name);
        if (known) cache.set(name, { ...known, staleAt: Date.now() + RETRY_MS });
        throw error;
      },
    )
    .finally(() => reading.delete(name));
  reading.set(name, read);
  return read;
}

async function fetchSecret(name: string): Promise<Secret> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  client ??= new SecretsManagerClient({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
  const fields: unknown = JSON.parse(SecretString ?? 'null');
  if (
    typeof fields !== 'object' ||
    fields === null ||
    !Object.values(fields).every((value) => typeof value === 'string')
  )
    throw new Error(`secret ${name} is not a JSON object of strings`);
  return fields as Secret;
}
