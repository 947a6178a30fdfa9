export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a text as a JSON object or array; returns undefined if the text is neither. */
export function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
