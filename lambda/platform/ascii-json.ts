/** Escapes the characters of a JSON text beyond ASCII: not every queue server and client treats them alike. */
export function inAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
