/** Text with CRLF line ends only. A bare CR or LF allows SMTP smuggling (CVE-2023-51764), and 7bit would pass it on. */
export function withCrlf(text: string): string {
  return text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
}
