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
  UNRECOGNISED,
} from '../fact.ts';

/**
 * Answers that a row matches; an absent condition matches any.
 *
 * `codes` are ErrorCodes of the body, a separate range of numbers that overlaps with HTTP statuses.
 */
interface Match {
  readonly codes?: readonly number[];
  readonly statuses?: readonly number[];
  readonly text?: RegExp;
}

export type PostmarkFact = Fact<Match>;

const API = 'postmarkapp.com/developer/api/overview, 2026-11-28';
const STRICTER = 'postmarkapp.com/updates (2023-10-31), 2026-11-23';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A code has status 422, or 200 for a batch; other statuses decide by themselves. */
const CODED = [200, 422] as const;

/** Answers with an ErrorCode other than 0; the first matching row decides. Server errors are handled before. */
export const CODE_FACTS: readonly PostmarkFact[] = [
  { codes: [10], statuses: [401, 422], means: account(AUTHENTICATION), source: API },
  { codes: [100], statuses: [200, 422, 503], means: outage('maintenance'), source: API },
  { codes: [429], statuses: [200, 422, 429], means: throttled('rate-limit'), source: API },
  { codes: [11], statuses: CODED, means: message('invalid-request'), source: API },
  {
    codes: [300],
    statuses: CODED,
    text: /too large|exceeds? the (maximum|allowed)|size limit/i,
    means: message('too-large'),
    source: 'postmarkapp.com/support/article/1056, 2026-11-23',
  },
  // "Error parsing 'To': Illegal email domain 'localhost' in address …"
  {
    codes: [300],
    statuses: CODED,
    text: /(['"`]|\b)(to|cc|bcc)\b['"`]?( address| field| recipient)?\s*:|(parsing|invalid) ['"`](to|cc|bcc)['"`]|invalid recipient/i,
    means: oneRecipient('invalid-email'),
    source: 'resend/resend-python#65, anymail/django-anymail#239, 2026-11-28',
  },
  {
    codes: [300],
    statuses: CODED,
    text: /(parsing|invalid) ['"`]?from\b|['"`]from['"`]/i,
    means: sender('sender-refused'),
    source: API,
  },
  { codes: [300], statuses: CODED, means: message('invalid-email'), source: API },
  { codes: [400], statuses: CODED, means: sender('sender-unknown'), source: API },
  { codes: [401], statuses: CODED, means: sender('sender-unconfirmed'), source: API },
  // Our request is wrong, or became wrong overnight: Postmark tightened its validation on 2023-10-31.
  { codes: [402], statuses: CODED, means: message('invalid-json'), source: STRICTER },
  { codes: [403], statuses: CODED, means: message('invalid-field'), source: STRICTER },
  { codes: [405], statuses: CODED, means: account('quota'), source: API },
  { codes: [406], statuses: CODED, means: suppressed('inactive-recipient'), source: API },
  { codes: [409], statuses: CODED, means: message('json-required'), source: API },
  { codes: [410], statuses: CODED, means: message('batch-too-large'), source: API },
  { codes: [411], statuses: CODED, means: message('attachment-type'), source: API },
  { codes: [412], statuses: CODED, means: account('pending-approval'), source: API },
  { codes: [413], statuses: CODED, means: account('not-allowed-to-send'), source: API },
  {
    codes: [1101, 1105, 1109, ...range(1120, 1123), 1130, 1131],
    statuses: CODED,
    means: message('template'),
    source: API,
  },
  { codes: [1221, 1226, 1235, 1236], statuses: CODED, means: account('message-stream'), source: API },
  { codes: range(1450, 1460), statuses: CODED, means: account('smtp-token'), source: API },
  // Codes of other calls than sending: the path is wrong.
  {
    codes: [...range(500, 523), ...range(600, 613), ...range(700, 703), ...range(800, 899), ...range(900, 1099)],
    statuses: CODED,
    means: account('wrong-endpoint'),
    source: API,
  },
];

/** An undocumented status is about Postmark, not about the message. */
const UNSEEN_STATUS = outage('unexpected-status');

/** Meanings of statuses; those that are the same at every HTTP provider are handled before. */
export const STATUS_FACTS: readonly PostmarkFact[] = [
  { statuses: [401], means: account(AUTHENTICATION), source: API },
  {
    statuses: [403],
    means: outage('network-layer'),
    source: 'postmarkapp.com/support/article/getting-a-403-that-doesnt-look-like-a-postmark-error, 2026-11-23',
  },
  { statuses: [404, 405, 415], means: account('wrong-endpoint'), source: API },
  {
    statuses: [301, 302, 303, 307, 308],
    means: account('wrong-endpoint'),
    source: 'RFC 9110 section 15.4, 2026-11-23',
  },
  // An unknown ErrorCode, or none.
  { statuses: [422], means: UNRECOGNISED, source: API },
  { means: UNSEEN_STATUS, source: 'the unseen, 2026-11-23' },
];
