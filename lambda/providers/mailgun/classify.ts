import { AUTHENTICATION, detailOf, type Outcome } from '../../mail/outcome.ts';
import { networkOutcome, retryAfter, statusOutcome } from '../network.ts';
import type { WireTrace } from '../wire.ts';

/** What one `messages.mime` call left behind: the truth of the wire, and the words of the answer. */
export interface MailgunAnswer {
  readonly trace: Readonly<WireTrace>;
  /** `id` of a good answer. */
  readonly id?: unknown;
  /** `message` of a JSON body, or the whole body of any other; the SDK's own words if nothing was sent. */
  readonly words?: string;
  /** How many recipients the call had; 1 if not given. */
  readonly recipients?: number;
}

type Verdict =
  | { readonly kind: 'throttled'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly blames: 'account'; readonly reason: string }
  | { readonly kind: 'refused'; readonly blames: 'message' | 'recipient'; readonly reason: string };

interface Row {
  /** Statuses; any if absent. */
  readonly status?: readonly number[];
  /** Words of the answer; any if absent. */
  readonly words?: RegExp;
  readonly verdict: Verdict;
}

const account = (reason: string): Verdict => ({ kind: 'unavailable', blames: 'account', reason });
const message = (reason: string): Verdict => ({ kind: 'refused', blames: 'message', reason });
const recipient = (reason: string): Verdict => ({ kind: 'refused', blames: 'recipient', reason });
const rateLimit: Verdict = { kind: 'throttled', reason: 'rate-limit' };

/**
 * The first row that fits decides. Mailgun tells account refusals by words under 400, 403 and 429 alike.
 *
 * Sources, all read 2026-11-23:
 * [spec]  Mailgun OpenAPI 3.0.0 (mailgun/mailgun-mcp-server, src/openapi.yaml)
 * [pages] documentation.mailgun.com, quickstart-guide/responses; mailgun/documentation, source/api-intro.rst
 * [users] public reports of users (two of 2026-10-01 and 2026-10-02), not the vendor's own word
 * [sdk]   mailgun.js 14.0.1, source
 * [guess] no source: likely words, matched so that a known meaning is not lost
 */
const FACTS: readonly Row[] = [
  // [pages] Any path that does not exist answers 200 with this sentence.
  { words: /^\s*Mailgun Magnificent API\s*$/i, verdict: account('wrong-url') },

  // [spec] "Domain X is not allowed to send: request rate of the account" is load; every other reason in that sentence is the account.
  { words: /requests?-per-(sec|min|hour)|too many requests|rate limit/i, verdict: rateLimit },
  { words: /probation|sending too fast/i, verdict: account('probation') }, // [users]
  {
    words: /recipient limit exceeded|(daily|monthly|hourly|sending|message) (limit|quota) (exceeded|reached)/i,
    verdict: account('recipient-limit'),
  }, // [users]
  { words: /account inactivity/i, verdict: account('account-inactive') }, // [users]
  { words: /sandbox subdomain|authorized recipient/i, verdict: account('sandbox') }, // [users]
  { words: /domain (is |has been )?disabled/i, verdict: account('domain-disabled') }, // [users]
  {
    words: /account (is |has been )?(temporarily )?(disabled|suspended|closed)/i,
    verdict: account('account-disabled'),
  }, // [users]
  { words: /is not allowed to send/i, verdict: account('not-allowed-to-send') }, // [spec]
  { words: /domain .*(unverified|not (been )?verified)/i, verdict: account('domain-not-verified') }, // [guess]

  { status: [401], verdict: account(AUTHENTICATION) }, // [spec] plain text "Forbidden"
  { status: [403], words: /forbidden|api key|credentials|unauthorized/i, verdict: account(AUTHENTICATION) }, // [pages]
  { status: [402], verdict: account('payment-required') }, // [pages] "parameters were valid but request failed"
  { status: [403], verdict: account('access-denied') }, // [pages]
  { status: [400, 404], words: /domain (.* )?not found/i, verdict: account('domain-not-found') }, // [pages] [guess] also another region, or a new domain for a while
  // [pages] Says nothing about the message: wrong URL, moved API, other rules.
  { status: [300, 301, 302, 303, 304, 307, 308, 404, 405, 410, 415], verdict: account('wrong-url') },

  { words: /limited to 16 ?kb/i, verdict: message('format') }, // [spec] o:, h:, v: and t: together
  { words: /larger than maxBodyLength/i, verdict: message('too-large') }, // [sdk] local, 50 MB, nothing was sent
  { status: [413], verdict: message('too-large') }, // [pages]
  {
    status: [400],
    words: /(message|body|size|content).*(too (large|big)|exceed)|size limit/i,
    verdict: message('too-large'),
  }, // [guess]
  { status: [400], words: /virus|malware|infected/i, verdict: message('virus') }, // [guess]
  // [guess] Mailgun accepts these and reports them later (suppress-bounce and others).
  { status: [400], words: /(recipient|address) .*suppress(ed|ion)/i, verdict: recipient('suppressed') },
  { status: [400], words: /\b(to|cc|bcc)'? parameter is not a valid/i, verdict: message('address') }, // [spec]
  // [spec] Our From is checked before, so this is about the identity rather than the address.
  { status: [400], words: /\bfrom'? parameter is not a valid/i, verdict: account('sender-refused') },
  // [spec] An opinion about our request: an API that changed overnight shows here first.
  {
    status: [400],
    words: /need at least one of|only one parameters?|parameter is missing|invalid (parameter|mime)/i,
    verdict: message('format'),
  },
  { status: [429], verdict: rateLimit }, // [spec]
];

/** What one `messages.mime` call came to; pure. */
export function classify({ trace, id, words = '', recipients = 1 }: MailgunAnswer): Outcome {
  const { status, headers = {} } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  const success = status !== undefined && status >= 200 && status < 300;
  if (success && typeof id === 'string' && id.trim() !== '') {
    // Delivery events name it without the angle brackets.
    return { kind: 'accepted', providerMessageId: id.trim().replace(/^<(.*)>$/, '$1') };
  }
  if (success && !trace.complete) return networkOutcome(trace);
  const detail = detailOf(words);
  const row = FACTS.find((fact) => fits(fact, status, words));
  if (success) {
    // Only the sentence of the wrong URL is proof against acceptance; nothing else under a 2xx is.
    if (row?.verdict.reason === 'wrong-url') return { ...row.verdict, detail };
    return { kind: 'unknown', reason: 'no-message-id', detail };
  }
  if (row?.verdict.kind === 'throttled') return { ...row.verdict, ...retryAfter(headers, words), detail };
  // One suppressed address must not stop the mail of the others; Mailgun does not say which it is.
  if (row?.verdict.reason === 'suppressed' && recipients > 1) return { ...message('suppressed'), detail };
  if (row) return { ...row.verdict, detail };
  if (status === undefined) return networkOutcome(trace);
  const shared = statusOutcome(status, headers, words);
  if (shared) return shared;
  // The status says that nothing was taken; the words that would say why are lost.
  if (!trace.complete) {
    return { kind: 'unavailable', blames: 'outage', reason: 'answer-cut', detail: detailOf(trace.failure ?? '') };
  }
  // A 4xx that nobody has described yet: this provider's opinion about this request, and no more.
  return { ...message('unrecognised'), detail };
}

function fits({ status, words }: Row, given: number | undefined, said: string): boolean {
  if (status && (given === undefined || !status.includes(given))) return false;
  // The page of a broken gateway is not Mailgun's word; "is not allowed to send" is, whatever the status.
  if (given !== undefined && given >= 500 && !/is not allowed to send/i.test(said)) return false;
  return words ? words.test(said) : true;
}
