import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The fields of a secret. */
export type Secret = Readonly<Record<string, string>>;

/** Reads the secrets of providers. */
export interface Secrets {
  /** The secret of this name, at most `CACHE_MS` old, or newly read if `fresh`. Throws if it cannot be read. */
  read(name: string, fresh?: boolean): Promise<Secret>;
}

const CACHE_MS = 5 * 60_000;

let client: SecretsManagerClient | undefined;
const cache = new Map<string, { readonly secret: Promise<Secret>; readonly readAt: number }>();

/** AWS Secrets Manager, cached in the process so that a rotation is seen within five minutes without a read per mail. */
export const managedSecrets: Secrets = {
  read(name, fresh = false) {
    const known = cache.get(name);
    if (known && !fresh && Date.now() - known.readAt < CACHE_MS) return known.secret;
    const secret = fetchSecret(name).catch((error: unknown) => {
      // A failed read must not take away what still works; the next call tries again.
      if (known) cache.set(name, known);
      else cache.delete(name);
      if (known && !fresh) return known.secret;
      throw error;
    });
    cache.set(name, { secret, readAt: Date.now() });
    return secret;
  },
};

async function fetchSecret(name: string): Promise<Secret> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  client ??= new SecretsManagerClient({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
  const fields: unknown = JSON.parse(SecretString ?? 'null');
  if (typeof fields !== 'object' || fields === null) throw new Error(`secret ${name} is not a JSON object`);
  return fields as Secret;
}
