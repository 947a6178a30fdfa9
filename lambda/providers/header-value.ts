/**
 * Converts the value of a mail header in a provider's JSON to text. Null and an absent value become an empty text. The result for
 * an object or a list is undefined.
 */
export function headerValue(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return value === null || value === undefined ? '' : undefined;
  }
}
