/** Name of what was thrown, which may be logged: the message may quote a mail or a secret. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
