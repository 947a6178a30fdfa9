/** Converts a time in epoch milliseconds to ISO 8601, such as `2026-11-29T12:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Converts a time in epoch milliseconds to text with the precision of a minute, such as `2026-11-29 12:00 UTC`. */
export function minuteTime(ms: number): string {
  return `${isoTime(ms).slice(0, 16).replace('T', ' ')} UTC`;
}
