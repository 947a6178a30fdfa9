/** What an answer comes to, before Postmark's words are added. */
type PostmarkVerdict =
  | { readonly kind: 'throttled'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly blames: 'outage' | 'account'; readonly reason: string }
  | { readonly kind: 'refused'; readonly blames: 'message' | 'recipient'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** One known answer. `codes` are ErrorCodes of the body, a number space of its own that collides with HTTP statuses. */
export interface PostmarkFact {
  readonly codes?: readonly number[];
  readonly statuses?: readonly number[];
  readonly text?: RegExp;
  readonly verdict: PostmarkVerdict;
  /** Where the fact is written, and when it was read. */
  readonly source: string;
}

const API = 'postmarkapp.com/developer/api/overview, 2026-11-23';

const account = (reason: string): PostmarkVerdict => ({ kind: 'unavailable', blames: 'account', reason });
const outage = (reason: string): PostmarkVerdict => ({ kind: 'unavailable', blames: 'outage', reason });
const message = (reason: string): PostmarkVerdict => ({ kind: 'refused', blames: 'message', reason });

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Answers with an ErrorCode that is not 0, whatever their status; the first that matches holds. */
export const CODE_FACTS: readonly PostmarkFact[] = [
  { codes: [10], verdict: account('authentication'), source: API },
  { codes: [11], verdict: message('invalid-request'), source: API },
  { codes: [100], verdict: outage('maintenance'), source: API },
  {
    codes: [300],
    text: /too large|exceeds? the (maximum|allowed)|size limit/i,
    verdict: message('too-large'),
    source: 'postmarkapp.com/support/article/1056, 2026-11-23',
  },
  { codes: [300], verdict: message('invalid-email'), source: API },
  { codes: [400], verdict: account('sender-unknown'), source: API },
  { codes: [401], verdict: account('sender-unconfirmed'), source: API },
  // Our request is wrong, or was made wrong overnight: Postmark tightened its validation on 2023-10-31.
  { codes: [402], verdict: message('invalid-json'), source: 'postmarkapp.com/updates (2023-10-31), 2026-11-23' },
  { codes: [403], verdict: message('invalid-field'), source: 'postmarkapp.com/updates (2023-10-31), 2026-11-23' },
  { codes: [405], verdict: account('quota'), source: API },
  { codes: [406], verdict: { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' }, source: API },
  { codes: [409], verdict: message('json-required'), source: API },
  { codes: [410], verdict: message('batch-too-large'), source: API },
  { codes: [411], verdict: message('attachment-type'), source: API },
  { codes: [412], verdict: account('pending-approval'), source: API },
  { codes: [413], verdict: account('not-allowed-to-send'), source: API },
  { codes: [429], verdict: { kind: 'throttled', reason: 'rate-limit' }, source: API },
  { codes: [1101, 1105, 1109, ...range(1120, 1123), 1130, 1131], verdict: message('template'), source: API },
  { codes: [1221, 1226, 1235, 1236], verdict: account('message-stream'), source: API },
  { codes: range(1450, 1460), verdict: account('smtp-token'), source: API },
  // Codes of other calls than sending. Whoever gets one talks to the wrong path.
  { codes: range(500, 523), verdict: account('wrong-endpoint'), source: API },
  { codes: range(600, 613), verdict: account('wrong-endpoint'), source: API },
  {
    codes: [...range(700, 703), ...range(800, 899), ...range(900, 1099)],
    verdict: account('wrong-endpoint'),
    source: API,
  },
  // A new code is this provider's opinion of a message that another one may take; the two statuses say more than it.
  { statuses: [401], verdict: account('authentication'), source: API },
  { statuses: [422], verdict: message('unrecognised'), source: API },
];

/** A status that Postmark does not document says something of Postmark, and nothing of the message. */
export const UNSEEN_STATUS: PostmarkFact = {
  verdict: outage('unexpected-status'),
  source: 'the unseen, 2026-11-23',
};

/** Answers without an ErrorCode, by status; what every HTTP provider means alike is decided before them. */
export const STATUS_FACTS: readonly PostmarkFact[] = [
  { statuses: [401], verdict: account('authentication'), source: API },
  {
    statuses: [403],
    verdict: outage('network-layer'),
    source: 'postmarkapp.com/support/article/getting-a-403-that-doesnt-look-like-a-postmark-error, 2026-11-23',
  },
  { statuses: [404, 405, 415], verdict: account('wrong-endpoint'), source: API },
  {
    statuses: [301, 302, 303, 307, 308],
    verdict: account('wrong-endpoint'),
    source: 'RFC 9110 section 15.4, 2026-11-23',
  },
  { statuses: [422], verdict: message('unrecognised'), source: API },
  UNSEEN_STATUS,
];
