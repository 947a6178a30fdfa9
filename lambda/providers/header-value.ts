/** A header's value in JSON as text; undefined for what no header can be. */
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
