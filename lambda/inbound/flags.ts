import type { InboundAttachment } from '../contract/inbound.ts';
import type { InboundFlag } from '../contract/inbound-enums.ts';
import { structured } from '../mail/structured.ts';
import { type Headers, valuesOf } from './headers.ts';

/**
 * Largest number of characters of the sender's address that are examined. RFC 3696, erratum 1690, allows 254 characters;
 * some servers accept more.
 */
const MAX_ADDRESS = 320;
/**
 * Addresses at which no person reads answers: the addresses of mail servers and mailing lists in RFC 3834, section 2, and
 * no-reply addresses.
 */
const PROGRAM = /^(mailer-daemon|(no|do[._-]?not)[._-]?reply([._-][^@]*)?|owner-[^@]*|[^@]*-request)(\+[^@]*)?@/i;

/**
 * Names of headers that mark automatic mail, unless the header's value says that a person wrote the mail. The names come
 * from the lists of RFC 3834 and vacation(1), and from the automatic replies of Exim, cPanel, Communigate, First Class,
 * Novell and Exchange. X-Auto-Response-Suppress is not among the names: this header asks recipients not to reply
 * automatically, and Exchange also adds it to mail that people wrote.
 */
const AUTOMATIC =
  /^(x-vacation(-.*)?|x-fc-machinegenerated|x-([a-z]{1,20}-)?auto-?(repl(y|ied)(-.*)?|respon(d|der|se)|generated|submitted))$/;
const BY_A_PERSON = /^(no|false|0|none)$/i;

/** Values of Auto-Submitted. Any value except `no` means that a program wrote the mail (RFC 3834). */
const AUTOMATED = /^(?!no$)./i;
/** Values of Precedence and similar headers in automatic mail. Some programs write several words into one such header. */
const UNANSWERED = /(?<![\w-])(bulk|junk|auto[ _-]?repl(y|ied))(?![\w-])/i;
const TO_A_LIST = /(?<![\w-])list(?![\w-])/i;
const PRECEDENCES = ['precedence', 'x-precedence', 'preference'];
const OF_A_LIST = /^(list-|mailing-list$|x-mailing-list$|x-mailman-version$|x-beenthere$)/i;

/**
 * Returns the value of a header without comments, parameters and surrounding quotes. Most of the headers that are read here
 * consist of one word and parameters.
 */
function wordsOf(value: string): string {
  return structured(value).value.trim();
}

/**
 * Returns the flags of a mail, which tell programs not to answer the mail, or to treat it in a special way. The flags are derived
 * from the sender, headers, files and text of the mail.
 */
export function flagsOf(
  headers: Headers,
  sender: string | null | undefined,
  files: readonly InboundAttachment[],
  text = '',
): InboundFlag[] {
  const has = (name: string, value = /./) => valuesOf(headers, name).some((given) => value.test(wordsOf(given)));
  const report = reportOf(headers, files);
  const autoReply =
    PROGRAM.test(sender?.slice(0, MAX_ADDRESS) ?? '') ||
    has('auto-submitted', AUTOMATED) ||
    headers.some(([name, value]) => AUTOMATIC.test(name.toLowerCase()) && !BY_A_PERSON.test(wordsOf(value))) ||
    PRECEDENCES.some((name) => has(name, UNANSWERED)) ||
    valuesOf(headers, 'x-post-messageclass').some((value) => /autoresponder/i.test(value)) ||
    has('delivered-to', /^autoresponder$/i) ||
    report === 'other';
  const list = headers.some(([name]) => OF_A_LIST.test(name)) || PRECEDENCES.some((name) => has(name, TO_A_LIST));
  return [
    ...(autoReply ? (['auto-reply'] as const) : []),
    ...(sender === null || report === 'delivery' || has('x-failed-recipients') || isReportText(headers, text)
      ? (['bounce'] as const)
      : []),
    ...(list ? (['list'] as const) : []),
    ...(has('x-mailover-id') ? (['loop'] as const) : []),
    ...(files.some(({ size }) => size === 0) ? (['empty-attachment'] as const) : []),
  ];
}

/**
 * Returns which kind of report by a program (RFC 6522) a mail is: `delivery` for a delivery status notification, `other` for any
 * other report, undefined if the mail is no report. The envelope sender is not examined, since forwarders replace the null sender
 * of a report. A mail also counts as a report if a part has a media type that occurs only in reports: a provider that posts a
 * mail as form fields may leave out the mail's Content-Type, and mailing lists wrap a report in another multipart.
 */
function reportOf(headers: Headers, files: readonly InboundAttachment[]): 'delivery' | 'other' | undefined {
  const { value, params } = structured(valuesOf(headers, 'content-type')[0] ?? '');
  const isReport = value.toLowerCase() === 'multipart/report';
  const kind = isReport ? (params['report-type'] ?? '').trim().toLowerCase() : '';
  const types = files.map(({ contentType }) => contentType);
  const reported = (name: string) => kind === name || (kind === '' && types.includes(`message/${name}`));
  if (reported('delivery-status') || reported('global-delivery-status')) return 'delivery';
  const others = ['disposition-notification', 'feedback-report'].some(reported) || types.some(isTlsReport);
  if (kind !== '' || others) return 'other';
  // A report that does not name its kind is most likely a delivery report.
  return isReport ? 'delivery' : undefined;
}

/** Whether a media type is that of an SMTP TLS report (RFC 8460, section 6). */
function isTlsReport(type: string): boolean {
  return /^application\/tlsrpt\+(gzip|json)$/.test(type);
}

/** Number of characters at the start of a text that are searched for the fields of a report (RFC 3464). */
const REPORT_CHARACTERS = 32_000;

/**
 * Whether the text of an automatic mail without a Content-Type header contains a delivery report. Some providers post a mail as
 * form fields without its Content-Type. A person's mail that quotes a report has no Auto-Submitted header, so it does not count
 * as a report.
 */
function isReportText(headers: Headers, text: string): boolean {
  const automatic = valuesOf(headers, 'auto-submitted').some((value) => AUTOMATED.test(wordsOf(value)));
  if (!automatic || valuesOf(headers, 'content-type').length > 0) return false;
  const start = text.slice(0, REPORT_CHARACTERS);
  return (
    /^Final-Recipient: *rfc822;/im.test(start) && /^Action: *(failed|delayed|delivered|relayed|expanded)/im.test(start)
  );
}
