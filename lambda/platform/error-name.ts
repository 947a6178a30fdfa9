/** Name of a thrown error, for the log: its message may quote a mail or a secret, and is not logged. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
