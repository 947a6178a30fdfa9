/** Returns the text with all line ends as CRLF. A single CR or LF in a 7bit part would allow SMTP smuggling (CVE-2023-51764). */
export function withCrlf(text: string): string {
  return text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
}
