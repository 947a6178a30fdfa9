/**
 * Writes all non-ASCII characters of a JSON text as `\uXXXX`, since different queue servers and clients treat such characters
 * differently.
 */
export function inAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
