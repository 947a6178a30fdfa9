import { AUTHENTICATION } from '../../mail/outcome.ts';
import { account, cite, type Fact, message, oneRecipient, sender, suppressed, throttled } from '../fact.ts';

const SPEC = cite('Mailgun OpenAPI 3.0.0 (mailgun/mailgun-mcp-server, src/openapi.yaml)', '2026-11-23');
const PAGES = cite(
  'documentation.mailgun.com, quickstart-guide/responses; mailgun/documentation, source/api-intro.rst',
  '2026-11-23',
);
const HELP = cite('help.mailgun.com, 202051664 (domain disabled) and 115001124753 (sending limitation)', '2026-11-28');
/** Public reports of users, not statements of Mailgun. Two of these reports are of 2026-10-01 and 2026-10-02. */
const USERS = cite('public reports of users', '2026-11-23');
const SDK = cite('mailgun.js 14.0.1, source', '2026-11-23');
/** Source of rows for which no document was found. Such a row has a likely wording of a known meaning. */
const GUESS = cite('a guess', '2026-11-23');

/**
 * Meanings of all known answers. The first row that matches an answer gives its meaning. Refusals of the account may have any of
 * the statuses 400, 403 and 429, so only their text distinguishes them from other refusals.
 */
export const MAILGUN_FACTS: readonly Fact[] = [
  // Mailgun answers every path that does not exist with 200 and this sentence.
  { text: /^\s*Mailgun Magnificent API\s*$/i, means: account('wrong-url'), source: PAGES },

  // The sentence "Domain X is not allowed to send" is a rate limit if it continues with a request rate. With any other reason,
  // the sentence is a refusal of the account.
  {
    text: /requests?-per-(sec|min|hour)|too many requests|rate limit|request limit/i,
    means: throttled('rate-limit'),
    source: SPEC,
  },
  { text: /probation|sending too fast/i, means: account('probation'), source: USERS },
  {
    text: /recipient limit exceeded|(daily|monthly|hourly|sending|message|account|plan|free|trial)[^.]{0,20} (limit|quota) (has been |was |is )?(exceeded|reached)|(exceeded|reached) (the |your )?[^.]{0,30}(limit|quota)\b/i,
    means: account('recipient-limit'),
    source: USERS,
  },
  { text: /account inactivity/i, means: account('account-inactive'), source: USERS },
  { text: /sandbox (sub)?domain|authorized recipient/i, means: account('sandbox'), source: USERS },
  {
    text: /domain (\S+ )?(is |has been )?(temporarily )?(disabled|suspended|blocked)/i,
    means: account('domain-disabled'),
    source: HELP,
  },
  {
    text: /account (is |has been |was )?(temporarily |permanently )?(disabled|suspended|closed|terminated|blocked|locked|not (yet )?activated)/i,
    means: account('account-disabled'),
    source: USERS,
  },
  {
    text: /activate your (mailgun )?account|account .*(verif|activat)|business verification/i,
    means: account('account-disabled'),
    source: GUESS,
  },
  { text: /is not allowed to send/i, means: account('not-allowed-to-send'), source: SPEC },
  { text: /domain .*(unverified|not (been |yet )?verified)/i, means: account('domain-not-verified'), source: GUESS },

  { status: [401], means: account(AUTHENTICATION), source: SPEC },
  {
    status: [403],
    text: /forbidden|api key|credentials|unauthorized/i,
    means: account(AUTHENTICATION),
    source: PAGES,
  },
  // Mailgun documents the status 402 as "Parameters were valid but request failed".
  { status: [402], means: account('payment-required'), source: PAGES },
  { status: [403], means: account('access-denied'), source: PAGES },
  // Mailgun also gives this answer for a domain of the other region, and for a new domain for some time.
  { status: [400, 404], text: /domain (.* )?not found/i, means: account('domain-not-found'), source: PAGES },
  // These statuses refuse the request, not the message: the URL is wrong, or Mailgun has changed its API.
  {
    status: [300, 301, 302, 303, 304, 307, 308, 404, 405, 410, 415],
    means: account('wrong-url'),
    source: PAGES,
  },

  // This text is about the size limit of the parameters `o:`, `h:`, `v:` and `t:` together.
  { text: /limited to 16 ?kb/i, means: message('format'), source: SPEC },
  // The SDK itself refuses a message above its limit of 50 MB, and sends nothing.
  { text: /larger than maxBodyLength/i, means: message('too-large'), source: SDK },
  { status: [413], means: message('too-large'), source: PAGES },
  {
    status: [400],
    text: /(message|body|size|content|attachment).*too (large|big)|exceed.*(\b(size|bytes|length)|[mk]i?b)\b|size limit/i,
    means: message('too-large'),
    source: GUESS,
  },
  { status: [400], text: /virus|malware|infected/i, means: message('virus'), source: GUESS },
  // Mailgun usually accepts mail to suppressed recipients, and later reports an event with a reason such as `suppress-bounce`.
  {
    status: [400],
    text: /(recipient|address) .*suppress(ed|ion)/i,
    means: suppressed('suppressed'),
    source: GUESS,
  },
  {
    status: [400],
    text: /\b(to|cc|bcc)'? parameter is not a valid|invalid recipient|recipient (address )?is (invalid|not valid)/i,
    means: oneRecipient('address'),
    source: SPEC,
  },
  // Mailover has already checked the syntax of the From address, so this answer refuses the sender identity.
  { status: [400], text: /\bfrom'? parameter is not a valid/i, means: sender('sender-refused'), source: SPEC },
  // The form of our request is wrong. Such an answer may be the first sign that Mailgun has changed its API.
  {
    status: [400],
    text: /need at least one of|only one parameters?|parameter is missing|invalid (parameter|mime)/i,
    means: message('format'),
    source: SPEC,
  },
  { status: [429], means: throttled('rate-limit'), source: SPEC },
];
