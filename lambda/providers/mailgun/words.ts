/**
 * Mailgun's words in the SDK's error: `details` has the body of the answer; `message` is the status text or, without an
 * answer, the SDK's own words.
 */
export function errorWords(error: unknown): string {
  const { details, message } = Object(error) as { details?: unknown; message?: unknown };
  return String(details || message || '');
}
