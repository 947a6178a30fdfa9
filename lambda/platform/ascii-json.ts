/** Escapes the characters of a JSON text beyond ASCII, which queue servers and clients treat differently. */
export function inAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
