import { AUTHENTICATION, detailOf, type Outcome } from '../../mail/outcome.ts';
import { networkOutcome, retryAfter, statusOutcome } from '../network.ts';
import type { WireTrace } from '../wire.ts';

/** What one SendEmail call left behind: the truth of the wire, and what the SDK made of the answer. */
export interface SesAnswer {
  readonly trace: Readonly<WireTrace>;
  /** `MessageId` of a good answer. */
  readonly messageId?: unknown;
  /** Exception name, without namespace. */
  readonly name?: string;
  /** The message of the exception, or the body if it was no JSON. */
  readonly words?: string;
  /** How many recipients the call had; 1 if not given. */
  readonly recipients?: number;
}

type Verdict =
  | { readonly kind: 'throttled' | 'unknown'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly blames: 'outage' | 'account'; readonly reason: string }
  | { readonly kind: 'refused'; readonly blames: 'message' | 'recipient'; readonly reason: string };

interface Row {
  /** Exception names; any if absent. */
  readonly name?: RegExp;
  /** Words of the message; any if absent. */
  readonly words?: RegExp;
  readonly verdict: Verdict;
}

const account = (reason: string): Verdict => ({ kind: 'unavailable', blames: 'account', reason });
const outage = (reason: string): Verdict => ({ kind: 'unavailable', blames: 'outage', reason });
const message = (reason: string): Verdict => ({ kind: 'refused', blames: 'message', reason });
const recipient = (reason: string): Verdict => ({ kind: 'refused', blames: 'recipient', reason });
const throttled = (reason: string): Verdict => ({ kind: 'throttled', reason });
const unknown = (reason: string): Verdict => ({ kind: 'unknown', reason });

/**
 * The first row that fits decides; words come before names, since MessageRejected covers the account as well as the message.
 *
 * Sources, all read 2026-11-23:
 * [model]  service model of @aws-sdk/client-sesv2 3.1169.0 and docs.rs/aws-sdk-sesv2 SendEmailError
 * [common] docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
 * [texts]  docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
 * [quotas] docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
 * [users]  public reports of users, not the vendor's own word
 * [guess]  no source: likely words, matched so that a known meaning is not lost
 */
const FACTS: readonly Row[] = [
  // [quotas] The quota of the day lasts hours: no use in waiting a moment.
  { words: /daily (message|sending) quota|24.?hour (period )?(sending )?quota/i, verdict: account('daily-quota') },
  { words: /maximum sending rate|sending rate exceeded/i, verdict: throttled('rate-limit') }, // [quotas]
  {
    name: /^(TooManyRequestsException|Throttling(Exception)?|RequestLimitExceeded)$/,
    verdict: throttled('rate-limit'),
  }, // [model] [common]
  // [model] Says nothing about which limit; the SDK itself takes it for throttling.
  { name: /^LimitExceeded(Exception)?$/, verdict: throttled('limit-exceeded') },

  { name: /^AccountSuspended(Exception)?$/, verdict: account('account-suspended') }, // [model]
  { words: /account (is|has been) suspended|suspended account/i, verdict: account('account-suspended') }, // [guess]
  {
    name: /^(SendingPausedException|AccountSendingPausedException|ConfigurationSetSendingPausedException)$/,
    verdict: account('sending-paused'),
  }, // [model]
  { words: /sending (is )?paused|sending (is|has been) disabled/i, verdict: account('sending-paused') }, // [texts]
  { name: /^MailFromDomainNotVerified(Exception)?$/, verdict: account('mail-from-not-verified') }, // [model]
  // [texts] "Email address is not verified. The following identities failed the check in region …"
  { words: /not (been )?verified|failed the check in region/i, verdict: account('identity-not-verified') },
  { words: /\bsandbox\b/i, verdict: account('sandbox') }, // [guess]
  { words: /configuration.?set .*(does not|doesn't|not) (exist|found)/i, verdict: account('configuration-missing') }, // [guess]
  { name: /^(NotFoundException|ConfigurationSetDoesNotExist(Exception)?)$/, verdict: account('configuration-missing') }, // [model]

  // [common] Our clock, not our key: the SDK corrects its offset from the answer.
  { name: /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/, verdict: outage('clock-skew') },
  { words: /signature (expired|not yet current)|security token .*not yet valid/i, verdict: outage('clock-skew') },
  {
    name: /^(ExpiredToken|ExpiredTokenException|IncompleteSignature(Exception)?|UnrecognizedClientException|InvalidClientTokenId)$/,
    verdict: account(AUTHENTICATION),
  }, // [common]
  {
    name: /^(InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationToken(Exception)?|NotAuthorized|AuthFailure|InvalidAccessKeyId)$/,
    verdict: account(AUTHENTICATION),
  }, // [common]
  { name: /^CredentialsProviderError$/, verdict: account(AUTHENTICATION) }, // SDK source: no credentials were found, nothing was sent
  { name: /^AccessDenied(Exception)?$/, verdict: account('access-denied') }, // [common] a missing IAM permission
  { name: /^OptInRequired$/, verdict: account('not-subscribed') }, // [common]
  { name: /^UnknownOperation(Exception)?$/, verdict: account('wrong-url') }, // [common]

  // [guess] SES accepts these and bounces them later (OnAccountSuppressionList).
  { words: /address (is )?(on .*suppression list|suppressed|blacklisted)/i, verdict: recipient('suppressed') },
  { words: /virus|malware|infected/i, verdict: message('virus') }, // [guess]
  {
    words: /header (name |value )?(is )?too long|duplicate header|missing required header|invalid header/i,
    verdict: message('format'),
  }, // [users]
  { name: /^RequestEntityTooLarge(Exception)?$/, verdict: message('too-large') }, // [common]
  {
    words: /message (length|size)|(too|more than).*(large|bytes long)|exceeds? .*(size|bytes)|size limit/i,
    verdict: message('too-large'),
  }, // [guess]
  { words: /recipient count|too many recipients/i, verdict: message('too-many-recipients') }, // [guess]
  {
    words:
      /(attachment|file|extension|mime) .*(not (allowed|supported)|unsupported|prohibited)|unsupported (attachment|file|mime)/i,
    verdict: message('attachment-type'),
  }, // [guess]
  // [users] SES's own address parser.
  {
    words:
      /illegal address|missing final '?@|invalid (domain|email|address)|missing (domain|local)|local address contains|domain (contains|starts|ends)|control or whitespace|local.?part/i,
    verdict: message('address'),
  },
  { words: /transaction failed/i, verdict: message('format') }, // [users]
  { name: /^MessageRejected(Exception)?$/, verdict: message('content') }, // [model]
  // [model] [common] An opinion about our request: an API that changed overnight shows here first.
  {
    name: /^(BadRequest(Exception)?|Validation(Error|Exception)|InvalidParameterValue|MalformedHttpRequest(Exception)?|SerializationException)$/,
    verdict: message('format'),
  },

  { name: /^RequestAborted(Exception)?$/, verdict: unknown('no-answer') }, // [common] aborted before a reply was sent
  { name: /^RequestTimeout(Exception)?$/, verdict: unknown('no-answer') }, // [common]
  { name: /^(ConflictException|ConcurrentModificationException)$/, verdict: outage('conflict') }, // [model] not declared for SendEmail
  { name: /^(ServiceUnavailable(Exception)?)$/, verdict: outage('service-unavailable') }, // [common]
];

/** Statuses for an answer whose name and words no row knows: a proxy, a firewall, an API that moved. */
const STATUSES: ReadonlyMap<number, Verdict> = new Map([
  [401, account(AUTHENTICATION)],
  [403, account('access-denied')],
  [404, account('wrong-url')],
  [405, account('wrong-url')],
  [415, account('wrong-url')],
]);

/** What one SendEmail call came to; pure. */
export function classify({ trace, messageId, name = '', words = '', recipients = 1 }: SesAnswer): Outcome {
  const { status, headers = {} } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  if (status !== undefined && status >= 200 && status < 300) {
    if (typeof messageId === 'string' && messageId !== '') return { kind: 'accepted', providerMessageId: messageId };
    if (!trace.complete) return networkOutcome(trace);
    return { kind: 'unknown', reason: 'no-message-id', detail: detailOf(words || name) };
  }
  const detail = detailOf([name, words].filter(Boolean).join(': '));
  const row = FACTS.find((fact) => fits(fact, status, name, words));
  if (row?.verdict.kind === 'throttled') return { ...row.verdict, ...retryAfter(headers, words), detail };
  // One suppressed address must not stop the mail of the others; SES does not say which it is.
  if (row?.verdict.reason === 'suppressed' && recipients > 1) return { ...message('suppressed'), detail };
  if (row) return { ...row.verdict, detail };
  if (status === undefined) return networkOutcome(trace);
  const verdict = status < 400 ? account('wrong-url') : STATUSES.get(status);
  if (verdict) return { ...verdict, detail };
  const shared = statusOutcome(status, headers, detail);
  if (shared) return shared;
  // The status says that nothing was taken; the words that would say why are lost.
  if (!trace.complete) return { ...outage('answer-cut'), detail: detailOf(trace.failure ?? '') };
  // A 4xx that nobody has described yet: this provider's opinion about this request, and no more.
  return { ...message('unrecognised'), detail };
}

function fits(row: Row, status: number | undefined, name: string, words: string): boolean {
  if (row.name && !row.name.test(name)) return false;
  if (!row.words) return true;
  // The page of a broken gateway is not SES's word.
  return (status ?? 0) < 500 && row.words.test(words);
}
