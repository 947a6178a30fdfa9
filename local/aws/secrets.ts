import { randomBytes } from 'node:crypto';
import { ACCOUNT, REGION } from './names.ts';
import { RequestError } from './request-error.ts';

/** Made-up values for the secret fields of a provider: good for one start of the stack, and of no use anywhere else. */
export function makeSecret(key: string, fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field, `local-${key}-${field}-${randomBytes(12).toString('hex')}`]));
}

/** Secrets Manager as far as a Lambda reads from it. */
export class Secrets {
  readonly #values = new Map<string, string>();

  set(name: string, value: Readonly<Record<string, string>>): void {
    this.#values.set(name, JSON.stringify(value));
  }

  /** The answer to GetSecretValue; other operations are not known here. */
  handle(operation: string, input: Record<string, unknown>): object {
    if (operation !== 'GetSecretValue') {
      throw new RequestError('InvalidRequestException', `The local Secrets Manager does not know ${operation}.`);
    }
    const id = String(input['SecretId'] ?? '');
    const arnPrefix = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:`;
    const name = id.startsWith('arn:') ? id.split(':').slice(6).join(':') : id;
    const value = this.#values.get(name) ?? this.#values.get(name.replace(/-[A-Za-z0-9?]{6}$/, ''));
    if (value === undefined) {
      throw new RequestError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      ARN: `${arnPrefix}${name}`,
      Name: name,
      SecretString: value,
      VersionId: '00000000-0000-4000-8000-000000000001',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: Math.floor(Date.now() / 1000),
    };
  }
}
