/**
 * Converts the value of a mail header, as parsed from JSON, to text: empty for null or an absent value, undefined for an object
 * or a list.
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
