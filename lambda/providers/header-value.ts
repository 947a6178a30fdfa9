/** A header's value from JSON as text; undefined for a value that no header can have. */
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
