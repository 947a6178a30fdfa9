import type { InboundAttachment } from '../contract/inbound.ts';
import type { InboundFlag } from '../contract/inbound-words.ts';
import { structured } from '../mail/structured.ts';
import { type Headers, valuesOf } from './headers.ts';

/** RFC 3696, erratum 1690, allows 254 characters; some servers accept more. */
const MAX_ADDRESS = 320;
/** Addresses at which no person reads answers: those of servers and lists in RFC 3834, section 2. */
const PROGRAM = /^(mailer-daemon|(no|do[._-]?not)[._-]?reply([._-][^@]*)?|owner-[^@]*|[^@]*-request)(\+[^@]*)?@/i;

/**
 * Names of headers of automatic mail, whose value may say that a person wrote it. From the lists of RFC 3834, vacation(1)
 * and the automatic replies of Exim, cPanel, Communigate, First Class, Novell and Exchange. X-Auto-Response-Suppress is
 * not among them: it asks others not to reply, and Exchange adds it to mail of people.
 */
const AUTOMATIC =
  /^(x-vacation(-.*)?|x-fc-machinegenerated|x-([a-z]{1,20}-)?auto-?(repl(y|ied)(-.*)?|respon(d|der|se)|generated|submitted))$/;
const BY_A_PERSON = /^(no|false|0|none)$/i;

/** RFC 3834: any value but `no`. */
const AUTOMATED = /^(?!no$)./i;
/** Values of Precedence and similar headers for automatic mail; some programs write several words. */
const UNANSWERED = /(?<![\w-])(bulk|junk|auto[ _-]?repl(y|ied))(?![\w-])/i;
const TO_A_LIST = /(?<![\w-])list(?![\w-])/i;
const PRECEDENCES = ['precedence', 'x-precedence', 'preference'];
const OF_A_LIST = /^(list-|mailing-list$|x-mailing-list$|x-mailman-version$|x-beenthere$)/i;

/** The value of such a header, without comments and surrounding quotes; most are one word and parameters. */
function wordsOf(value: string): string {
  return structured(value).value.trim();
}

/**
 * Flags from the headers and files of a mail: whether a program should not answer it, or needs to treat it in a special
 * way.
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
 * Whether a mail is a report by a program (RFC 6522), from any sender, since forwarders rewrite the null sender. A part of
 * a type that only such reports have proves it, too: the form of a provider may lack the mail's Content-Type, and mailing
 * lists wrap a report in another multipart.
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

/** RFC 8460, section 6. */
function isTlsReport(type: string): boolean {
  return /^application\/tlsrpt\+(gzip|json)$/.test(type);
}

/** Characters of a text that are searched for the fields of a report (RFC 3464). */
const REPORT_CHARACTERS = 32_000;

/**
 * Whether a text contains a report, if the form lacks the Content-Type. A person's mail that quotes one is not marked
 * automatic.
 */
function isReportText(headers: Headers, text: string): boolean {
  const automatic = valuesOf(headers, 'auto-submitted').some((value) => AUTOMATED.test(wordsOf(value)));
  if (!automatic || valuesOf(headers, 'content-type').length > 0) return false;
  const start = text.slice(0, REPORT_CHARACTERS);
  return (
    /^Final-Recipient: *rfc822;/im.test(start) && /^Action: *(failed|delayed|delivered|relayed|expanded)/im.test(start)
  );
}
