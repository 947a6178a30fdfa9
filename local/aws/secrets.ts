import { randomBytes, randomUUID } from 'node:crypto';
import { ACCOUNT, nameInArn, REGION } from '../template/names.ts';
import { RequestError } from './request-error.ts';

/** Generates random values for the fields of a secret. Each start of the stack generates new values. */
export function makeSecret(key: string, fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field, `local-${key}-${field}-${randomBytes(12).toString('hex')}`]));
}

/** A local Secrets Manager. It has only the operations that are needed to read a secret and to change its value. */
export class LocalSecrets {
  readonly #values = new Map<string, string>();

  set(name: string, value: Readonly<Record<string, string>>): void {
    this.#values.set(name, JSON.stringify(value));
  }

  /** Returns the fields of the secret with the given name or ARN. Throws if there is no such secret. */
  values(id: string): Record<string, string> {
    const { SecretString } = this.handle('GetSecretValue', { SecretId: id }) as { readonly SecretString: string };
    return JSON.parse(SecretString) as Record<string, string>;
  }

  /** Answers GetSecretValue and PutSecretValue. Throws a RequestError for any other operation and for an unknown secret. */
  handle(operation: string, input: Record<string, unknown>): object {
    if (operation !== 'GetSecretValue' && operation !== 'PutSecretValue') {
      throw new RequestError('InvalidRequestException', `The local Secrets Manager does not know ${operation}.`);
    }
    const id = String(input['SecretId'] ?? '');
    const arnPrefix = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:`;
    const name = nameInArn(id);
    const known = [name, name.replace(/-[A-Za-z0-9?]{6}$/, '')].find((one) => this.#values.has(one));
    if (known === undefined) {
      throw new RequestError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    const version = { ARN: `${arnPrefix}${known}`, Name: known, VersionStages: ['AWSCURRENT'] };
    if (operation === 'PutSecretValue') {
      this.#values.set(known, String(input['SecretString'] ?? ''));
      return { ...version, VersionId: randomUUID() };
    }
    return {
      ...version,
      SecretString: this.#values.get(known),
      VersionId: '00000000-0000-4000-8000-000000000001',
      CreatedDate: Math.floor(Date.now() / 1000),
    };
  }
}
