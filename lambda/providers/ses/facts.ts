import { AUTHENTICATION } from '../../mail/outcome.ts';
import {
  account,
  type Fact,
  message,
  oneRecipient,
  outage,
  sender,
  suppressed,
  throttled,
  unknown,
  worker,
} from '../fact.ts';

/** Answers that a row matches; an absent condition matches any. */
interface Match {
  /** Exception names. */
  readonly name?: RegExp;
  /** Words of the message. */
  readonly words?: RegExp;
  /** Statuses below 500 for which the row is documented; server errors decide by themselves. */
  readonly status?: readonly number[];
}

const MODEL = 'service model of @aws-sdk/client-sesv2 3.1169.0 and docs.rs/aws-sdk-sesv2 SendEmailError, 2026-11-23';
const COMMON = 'docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html, 2026-11-23';
const TEXTS = 'docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html, 2026-11-28';
const QUOTAS = 'docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html, 2026-11-28';
const TENANTS = 'docs.aws.amazon.com/ses/latest/dg/tenants.html, 2026-11-28';
/** Public reports of users, not from AWS. */
const USERS = 'public reports of users, 2026-11-23';
const SUSPENDED = 'civicrm/civicrm-core#11838 and the code of Sendy, 2026-11-28';
/** No source: likely words, for known meanings. */
const GUESS = 'a guess, 2026-11-23';

/**
 * All known answers. The first matching row decides; words come before names, since MessageRejected is about the account
 * as well as the message.
 */
export const SES_FACTS: readonly Fact<Match>[] = [
  // The daily quota lasts hours.
  {
    words:
      /daily (message|sending) quota|24.?hour (period )?(sending )?quota|(sending|message) (quota|limit) (has been |is )?(exceeded|reached)/i,
    means: account('daily-quota'),
    source: QUOTAS,
  },
  { words: /maximum sending rate|sending rate exceeded/i, means: throttled('rate-limit'), source: QUOTAS },
  {
    name: /^(TooManyRequestsException|Throttling(Exception)?|RequestLimitExceeded)$/,
    means: throttled('rate-limit'),
    source: COMMON,
  },
  // The limit is not named; the SDK itself treats it as throttling.
  { name: /^LimitExceeded(Exception)?$/, means: throttled('limit-exceeded'), source: MODEL },

  { name: /^AccountSuspended(Exception)?$/, means: account('account-suspended'), source: MODEL },
  {
    words:
      /sending (is |has been |was )?suspended|account (is|has been|was) (permanently )?(suspended|restricted|shut ?down|terminated)|suspended account|ability to send/i,
    means: account('account-suspended'),
    source: SUSPENDED,
  },
  {
    name: /^(SendingPausedException|AccountSendingPausedException|ConfigurationSetSendingPausedException)$/,
    means: account('sending-paused'),
    source: MODEL,
  },
  {
    words: /sending (is |has been |was )?(paused|disabled|blocked|not enabled)/i,
    means: account('sending-paused'),
    source: TEXTS,
  },
  {
    words: /account (is |has been )?(placed )?under review|(not|isn't) (been )?granted production access|\bsandbox\b/i,
    means: account('sandbox'),
    source: GUESS,
  },
  {
    words: /\bidentity\b.*not associated\b.*\btenant\b/i,
    means: sender('identity-not-verified'),
    source: TENANTS,
  },
  {
    words:
      /\btenant\b.*\b(paused|disabled|suspended|not (found|exist|associated))|\bidentity (is |was |has been )(paused|disabled|suspended)/i,
    means: account('sending-paused'),
    source: TENANTS,
  },
  { name: /^MailFromDomainNotVerified(Exception)?$/, means: sender('mail-from-not-verified'), source: MODEL },
  // "Email address is not verified. The following identities failed the check in region …"
  {
    words: /not (been |yet )?verified|failed the check in region|unverified (identity|address|domain|email)/i,
    means: sender('identity-not-verified'),
    source: TEXTS,
  },
  {
    words: /configuration.?set .*(does not|doesn't|not) (exist|found)/i,
    means: account('configuration-missing'),
    source: GUESS,
  },
  {
    name: /^(NotFoundException|ConfigurationSetDoesNotExist(Exception)?)$/,
    means: account('configuration-missing'),
    source: MODEL,
  },

  // The clock and the credentials of this process: the credentials are those of its role, which no configuration of
  // ours sets. The SDK corrects its offset to the clock from the answer.
  {
    name: /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/,
    means: worker('clock-skew'),
    source: COMMON,
  },
  {
    words: /signature (expired|not yet current)|security token .*not yet valid/i,
    means: worker('clock-skew'),
    source: COMMON,
  },
  {
    name: /^(ExpiredToken|ExpiredTokenException|IncompleteSignature(Exception)?|UnrecognizedClientException|InvalidClientTokenId)$/,
    means: worker('credentials-refused'),
    source: COMMON,
  },
  {
    name: /^(InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationToken(Exception)?|InvalidAccessKeyId)$/,
    means: worker('credentials-refused'),
    source: COMMON,
  },
  // No credentials were found, and nothing was sent.
  {
    name: /^(Credentials|Token)?ProviderError$/,
    means: worker('credentials-refused'),
    source: 'source of @smithy/property-provider, 2026-11-28',
  },
  { name: /^(NotAuthorized|AuthFailure)$/, means: account(AUTHENTICATION), source: COMMON },
  // A missing IAM permission.
  { name: /^AccessDenied(Exception)?$/, means: account('access-denied'), source: COMMON },
  {
    words: /(not authori[sz]ed|no permission|not permitted|not allowed) to (perform|send|use)|explicit deny/i,
    means: account('access-denied'),
    source: 'GSA/data.gov#3810, ssc-sp/datahub-portal#419, 2026-11-28',
  },
  { name: /^OptInRequired$/, means: account('not-subscribed'), source: COMMON },
  { name: /^UnknownOperation(Exception)?$/, means: account('wrong-url'), source: COMMON },

  // SES usually accepts mail to suppressed recipients and bounces it later (OnAccountSuppressionList).
  {
    words: /address (is )?(on .*suppression list|suppressed|blacklisted)/i,
    means: suppressed('suppressed'),
    source: GUESS,
  },
  { words: /virus|malware|infected/i, means: message('virus'), source: GUESS },
  {
    words:
      /header (name |value )?(is )?too long|duplicate header|missing required header|invalid header|expected .{1,20}, got|missing '=' in parameter|unable to parse/i,
    means: message('format'),
    source: USERS,
  },
  { name: /^RequestEntityTooLarge(Exception)?$/, means: message('too-large'), source: COMMON },
  {
    words: /message (length|size)|(too|more than).*(large|bytes long)|exceeds? .*(size|bytes)|size limit/i,
    means: message('too-large'),
    source: GUESS,
  },
  {
    words: /recipient count|too many recipients|number of recipients/i,
    means: message('too-many-recipients'),
    source: GUESS,
  },
  {
    words:
      /(attachment|file|extension|mime) .*(not (allowed|supported)|unsupported|prohibited)|unsupported (attachment|file|mime)/i,
    means: message('attachment-type'),
    source: GUESS,
  },
  // SES's own address parser.
  {
    words:
      /illegal address|missing final '?@|invalid (domain|email|address)|missing (domain|local)|local address (contains|starts|ends)|domain (contains|starts|ends)|control or whitespace|local.?part|user ?name is missing/i,
    means: oneRecipient('address'),
    source: USERS,
  },
  { words: /transaction failed/i, means: message('format'), source: USERS },
  // MessageRejected alone is as often about the account as about the message: only its words decide.
  {
    name: /^MessageRejected(Exception)?$/,
    words: /content|spam|unsolicited|phish|\bpolicy\b/i,
    means: message('content'),
    source: MODEL,
  },
  // About the format of our request. BadRequest alone says nothing: an API that changed overnight answers this first.
  {
    name: /^Validation(Error|Exception)$/,
    words: /validation errors? detected|failed to satisfy constraint/i,
    means: message('format'),
    source: COMMON,
  },
  {
    name: /^(InvalidParameterValue|MalformedHttpRequest(Exception)?|SerializationException)$/,
    means: message('format'),
    source: COMMON,
  },

  // Aborted before a reply was sent.
  { name: /^RequestAborted(Exception)?$/, means: unknown('no-answer'), source: COMMON },
  { name: /^RequestTimeout(Exception)?$/, means: unknown('no-answer'), source: COMMON },
  // An exception that the API does not declare for SendEmail.
  { name: /^(ConflictException|ConcurrentModificationException)$/, means: outage('conflict'), source: MODEL },
  { name: /^(ServiceUnavailable(Exception)?)$/, means: outage('service-unavailable'), source: COMMON },

  // A proxy, a firewall, or an API that moved: only the status is known.
  { status: [401], means: account(AUTHENTICATION), source: COMMON },
  { status: [403], means: account('access-denied'), source: COMMON },
  { status: [404, 405, 415], means: account('wrong-url'), source: COMMON },
];
