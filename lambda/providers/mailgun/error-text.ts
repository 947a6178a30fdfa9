/**
 * Returns the text of an error of the SDK. The error's `details` contains the text of the answer. Its `message` is the text of
 * the HTTP status or, if there was no answer, a text of the SDK.
 */
export function sdkErrorText(error: unknown): string {
  const { details, message } = Object(error) as { details?: unknown; message?: unknown };
  return String(details || message || '');
}
