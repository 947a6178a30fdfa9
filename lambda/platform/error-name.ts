/** Returns the name of a thrown error, for the log. The message of the error is not logged, since it may quote a mail or a secret. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
