/** A bare CR or LF is what SMTP smuggling is made of (CVE-2023-51764), and 7bit would let it through. */
export function withCrlf(text: string): string {
  return text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
}
