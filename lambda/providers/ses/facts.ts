import { AUTHENTICATION } from '../../mail/outcome.ts';
import {
  account,
  cite,
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

const MODEL = cite(
  'service model of @aws-sdk/client-sesv2 3.1169.0 and docs.rs/aws-sdk-sesv2 SendEmailError',
  '2026-11-23',
);
const COMMON = cite('docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html', '2026-11-23');
const TEXTS = cite('docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html', '2026-11-28');
const QUOTAS = cite('docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html', '2026-11-28');
const TENANTS = cite('docs.aws.amazon.com/ses/latest/dg/tenants.html', '2026-11-28');
/** Public reports of users, not statements of AWS. */
const USERS = cite('public reports of users', '2026-11-23');
const SUSPENDED = cite('civicrm/civicrm-core#11838 and the code of Sendy', '2026-11-28');
/** Source of rows for which no document was found. Such a row has a likely wording of a known meaning. */
const GUESS = cite('a guess', '2026-11-23');

/**
 * Meanings of all known answers. The first row that matches an answer gives its meaning. Most rows with a text come before the
 * row for the exception MessageRejected, which may be about the account or about the message.
 */
export const SES_FACTS: readonly Fact[] = [
  // The daily quota is used up. Unlike a rate limit, this state lasts for hours.
  {
    text: /daily (message|sending) quota|24.?hour (period )?(sending )?quota|(sending|message) (quota|limit) (has been |is )?(exceeded|reached)|messages (per|in a) day/i,
    means: account('daily-quota'),
    source: QUOTAS,
  },
  { text: /maximum sending rate|sending rate exceeded/i, means: throttled('rate-limit'), source: QUOTAS },
  {
    code: /^(TooManyRequestsException|Throttling(Exception)?|RequestLimitExceeded)$/,
    means: throttled('rate-limit'),
    source: COMMON,
  },
  // The answer does not state which limit was exceeded. The SDK itself treats this exception as throttling.
  { code: /^LimitExceeded(Exception)?$/, means: throttled('limit-exceeded'), source: MODEL },

  { code: /^AccountSuspended(Exception)?$/, means: account('account-suspended'), source: MODEL },
  {
    text: /sending (is |has been |was )?suspended|account (is|has been|was) (permanently )?(suspended|restricted|shut ?down|terminated)|suspended account|ability to send/i,
    means: account('account-suspended'),
    source: SUSPENDED,
  },
  {
    code: /^(SendingPausedException|AccountSendingPausedException|ConfigurationSetSendingPausedException)$/,
    means: account('sending-paused'),
    source: MODEL,
  },
  {
    text: /sending (is |has been |was )?(paused|disabled|blocked|not enabled)/i,
    means: account('sending-paused'),
    source: TEXTS,
  },
  {
    text: /account (is |has been )?(placed )?under review|(not|isn't) (been )?granted production access|\bsandbox\b/i,
    means: account('sandbox'),
    source: GUESS,
  },
  {
    text: /\bidentity\b.*not associated\b.*\btenant\b/i,
    means: sender('identity-not-verified'),
    source: TENANTS,
  },
  {
    text: /\btenant\b.*\b(paused|disabled|suspended|not (found|exist|associated))|\bidentity (is |was |has been )(paused|disabled|suspended)/i,
    means: account('sending-paused'),
    source: TENANTS,
  },
  { code: /^MailFromDomainNotVerified(Exception)?$/, means: sender('mail-from-not-verified'), source: MODEL },
  // The text is, for example, "Email address is not verified. The following identities failed the check in region …".
  {
    text: /not (been |yet )?verified|failed the check in region|unverified (identity|address|domain|email)/i,
    means: sender('identity-not-verified'),
    source: TEXTS,
  },
  {
    text: /configuration.?set .*(does not|doesn't|not) (exist|found)/i,
    means: account('configuration-missing'),
    source: GUESS,
  },
  {
    code: /^(NotFoundException|ConfigurationSetDoesNotExist(Exception)?)$/,
    means: account('configuration-missing'),
    source: MODEL,
  },

  // The clock or the credentials of this process are wrong. The credentials belong to the role of the Lambda function, and not to
  // our configuration. After such an answer, the SDK corrects the offset of the clock by the time in the answer.
  {
    code: /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/,
    means: worker('clock-skew'),
    source: COMMON,
  },
  {
    text: /signature (expired|not yet current)|security token .*not yet valid/i,
    means: worker('clock-skew'),
    source: COMMON,
  },
  {
    code: /^(ExpiredToken|ExpiredTokenException|IncompleteSignature(Exception)?|UnrecognizedClientException|InvalidClientTokenId)$/,
    means: worker('credentials-refused'),
    source: COMMON,
  },
  {
    code: /^(InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationToken(Exception)?|InvalidAccessKeyId)$/,
    means: worker('credentials-refused'),
    source: COMMON,
  },
  // The SDK found no credentials, so nothing was sent.
  {
    code: /^(Credentials|Token)?ProviderError$/,
    means: worker('credentials-refused'),
    source: cite('source of @smithy/property-provider', '2026-11-28'),
  },
  { code: /^(NotAuthorized|AuthFailure)$/, means: account(AUTHENTICATION), source: COMMON },
  // The role of the Lambda function lacks an IAM permission.
  { code: /^AccessDenied(Exception)?$/, means: account('access-denied'), source: COMMON },
  {
    text: /(not authori[sz]ed|no permission|not permitted|not allowed) to (perform|send|use)|explicit deny/i,
    means: account('access-denied'),
    source: cite('GSA/data.gov#3810, ssc-sp/datahub-portal#419', '2026-11-28'),
  },
  { code: /^OptInRequired$/, means: account('not-subscribed'), source: COMMON },
  { code: /^UnknownOperation(Exception)?$/, means: account('wrong-url'), source: COMMON },

  // SES usually accepts mail to suppressed recipients, and later reports a bounce (OnAccountSuppressionList).
  {
    text: /address (is )?(on .*suppression list|suppressed|blacklisted)/i,
    means: suppressed('suppressed'),
    source: GUESS,
  },
  { text: /virus|malware|infected/i, means: message('virus'), source: GUESS },
  {
    text: /header (name |value )?(is )?too long|duplicate header|missing required header|invalid header|expected .{1,20}, got|missing '=' in parameter|unable to parse/i,
    means: message('format'),
    source: USERS,
  },
  { code: /^RequestEntityTooLarge(Exception)?$/, means: message('too-large'), source: COMMON },
  {
    text: /message (length|size)|(too|more than).*(large|bytes long)|exceeds? .*(size|bytes)|size limit/i,
    means: message('too-large'),
    source: GUESS,
  },
  {
    text: /recipient count|too many recipients|number of recipients/i,
    means: message('too-many-recipients'),
    source: GUESS,
  },
  {
    text: /(attachment|file|extension|mime) .*(not (allowed|supported)|unsupported|prohibited)|unsupported (attachment|file|mime)/i,
    means: message('attachment-type'),
    source: GUESS,
  },
  // These texts are errors of SES's own address parser.
  {
    text: /illegal address|missing final '?@|invalid (domain|email|address)|missing (domain|local)|local address (contains|starts|ends)|domain (contains|starts|ends)|control or whitespace|local.?part|user ?name is missing/i,
    means: oneRecipient('address'),
    source: USERS,
  },
  { text: /transaction failed/i, means: message('format'), source: USERS },
  // The exception MessageRejected is often about the account and often about the message. Therefore its text must show that SES
  // refused the message.
  {
    code: /^MessageRejected(Exception)?$/,
    text: /content|spam|unsolicited|phish|\bpolicy\b/i,
    means: message('content'),
    source: MODEL,
  },
  // The form of our request is wrong. There is no row for the exception BadRequest without a known text, since SES would also use
  // this exception after a change of its API.
  {
    code: /^Validation(Error|Exception)$/,
    text: /validation errors? detected|failed to satisfy constraint/i,
    means: message('format'),
    source: COMMON,
  },
  {
    code: /^(InvalidParameterValue|MalformedHttpRequest(Exception)?|SerializationException)$/,
    means: message('format'),
    source: COMMON,
  },

  // SES aborted the request without a reply.
  { code: /^RequestAborted(Exception)?$/, means: unknown('no-answer'), source: COMMON },
  { code: /^RequestTimeout(Exception)?$/, means: unknown('no-answer'), source: COMMON },
  // The API does not declare these exceptions for SendEmail.
  { code: /^(ConflictException|ConcurrentModificationException)$/, means: outage('conflict'), source: MODEL },
  { code: /^(ServiceUnavailable(Exception)?)$/, means: outage('service-unavailable'), source: COMMON },

  // Answers with no known text or exception are classified by the status. They may come from a proxy or a firewall, or mean that
  // the URL of the API has changed.
  { status: [401], means: account(AUTHENTICATION), source: COMMON },
  { status: [403], means: account('access-denied'), source: COMMON },
  { status: [404, 405, 415], means: account('wrong-url'), source: COMMON },
];
