/** An error raised by Mailover itself; its message contains nothing of a mail or a secret and may be logged. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
}

/**
 * The loggable part of an error. Messages of other errors are left out: a parser quotes its input, and the client of a
 * service its request.
 */
export function reportError(error: unknown): { readonly error: string; readonly detail?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message } = error;
  if (error instanceof ServiceError) return { error: name, detail: message };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: unknown } };
  const facts = [code, $metadata?.httpStatusCode].filter((fact) => /^[\w.-]{1,60}$/.test(String(fact ?? '')));
  return { error: /^\w{1,80}$/.test(name) ? name : 'Error', ...(facts.length > 0 && { detail: facts.join(' ') }) };
}
