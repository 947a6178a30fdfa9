import { defined } from './defined.ts';

/** An error that Mailover itself raises. The message of this error may be logged, since it contains no part of a mail or a secret. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
}

/**
 * Returns the parts of an error that may be logged: its name, its code and its HTTP status. The message of the error is included
 * only if Mailover raised the error itself. Other messages can contain parts of a mail: a parser quotes its input, and the client
 * of a service quotes its request.
 */
export function reportError(error: unknown): { readonly error: string; readonly detail?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message } = error;
  if (error instanceof ServiceError) return { error: name, detail: message };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: unknown } };
  const facts = [code, $metadata?.httpStatusCode].filter((fact) => /^[\w.-]{1,60}$/.test(String(fact ?? '')));
  return { error: /^\w{1,80}$/.test(name) ? name : 'Error', ...defined({ detail: facts.join(' ') || undefined }) };
}
