/** An error of our own making, whose message holds nothing of a mail or a secret and may be logged. */
export class ServiceError extends Error {
  override readonly name: string = 'Trouble';
}

/**
 * What may be logged of an error. The message of any other one stays out: a parser quotes what it reads, and a client of a
 * service what it was to send.
 */
export function tellError(error: unknown): { readonly error: string; readonly detail?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message } = error;
  if (error instanceof ServiceError) return { error: name, detail: message };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: unknown } };
  const facts = [code, $metadata?.httpStatusCode].filter((fact) => /^[\w.-]{1,60}$/.test(String(fact ?? '')));
  return { error: /^\w{1,80}$/.test(name) ? name : 'Error', ...(facts.length > 0 && { detail: facts.join(' ') }) };
}
