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
  UNRECOGNISED,
} from '../fact.ts';

const API = cite('postmarkapp.com/developer/api/overview', '2026-11-28');
const STRICTER = cite('postmarkapp.com/updates (2023-10-31)', '2026-11-23');

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/**
 * Usual HTTP statuses of an answer with an ErrorCode: 422, or 200 for a batch. For most ErrorCodes, an answer with any other
 * status is classified by its status alone.
 */
const CODED = [200, 422] as const;

/**
 * Meanings of answers with an ErrorCode other than 0. The first row that matches an answer gives its meaning. This table has
 * precedence over the meanings of HTTP statuses.
 */
export const CODE_FACTS: readonly Fact[] = [
  { code: [10], status: [401, 422], means: account(AUTHENTICATION), source: API },
  { code: [100], status: [200, 422, 503], means: outage('maintenance'), source: API },
  { code: [429], status: [200, 422, 429], means: throttled('rate-limit'), source: API },
  { code: [11], status: CODED, means: message('invalid-request'), source: API },
  {
    code: [300],
    status: CODED,
    text: /too large|exceeds? the (maximum|allowed)|size limit/i,
    means: message('too-large'),
    source: cite('postmarkapp.com/support/article/1056', '2026-11-23'),
  },
  // The text is, for example, "Error parsing 'To': Illegal email domain 'localhost' in address …".
  {
    code: [300],
    status: CODED,
    text: /(['"`]|\b)(to|cc|bcc)\b['"`]?( address| field| recipient)?\s*:|(parsing|invalid) ['"`](to|cc|bcc)['"`]|invalid recipient/i,
    means: oneRecipient('invalid-email'),
    source: cite('resend/resend-python#65, anymail/django-anymail#239', '2026-11-28'),
  },
  {
    code: [300],
    status: CODED,
    text: /(parsing|invalid) ['"`]?from\b|['"`]from['"`]/i,
    means: sender('sender-refused'),
    source: API,
  },
  { code: [300], status: CODED, means: message('invalid-email'), source: API },
  { code: [400], status: CODED, means: sender('sender-unknown'), source: API },
  { code: [401], status: CODED, means: sender('sender-unconfirmed'), source: API },
  // Our request is invalid, perhaps because Postmark has changed its validation. For example, Postmark made its validation
  // stricter on 2023-10-31.
  { code: [402], status: CODED, means: message('invalid-json'), source: STRICTER },
  { code: [403], status: CODED, means: message('invalid-field'), source: STRICTER },
  { code: [405], status: CODED, means: account('quota'), source: API },
  { code: [406], status: CODED, means: suppressed('inactive-recipient'), source: API },
  { code: [409], status: CODED, means: message('json-required'), source: API },
  { code: [410], status: CODED, means: message('batch-too-large'), source: API },
  { code: [411], status: CODED, means: message('attachment-type'), source: API },
  { code: [412], status: CODED, means: account('pending-approval'), source: API },
  { code: [413], status: CODED, means: account('not-allowed-to-send'), source: API },
  {
    code: [1101, 1105, 1109, ...range(1120, 1123), 1130, 1131],
    status: CODED,
    means: message('template'),
    source: API,
  },
  { code: [1221, 1226, 1235, 1236], status: CODED, means: account('message-stream'), source: API },
  { code: range(1450, 1460), status: CODED, means: account('smtp-token'), source: API },
  // Postmark uses these codes only for calls that do not send mail, so the path of our request must be wrong.
  {
    code: [...range(500, 523), ...range(600, 613), ...range(700, 703), ...range(800, 899), ...range(900, 1099)],
    status: CODED,
    means: account('wrong-endpoint'),
    source: API,
  },
];

/** Meaning of an undocumented status. It counts as a failure of Postmark, and not as a fault of the message. */
const UNSEEN_STATUS = outage('unexpected-status');

/**
 * Meanings of HTTP statuses. They are used only if neither {@link CODE_FACTS} nor `statusMeaning` (the statuses that mean the
 * same at every provider) has a meaning for the answer.
 */
export const STATUS_FACTS: readonly Fact[] = [
  { status: [401], means: account(AUTHENTICATION), source: API },
  {
    status: [403],
    means: outage('network-layer'),
    source: cite('postmarkapp.com/support/article/getting-a-403-that-doesnt-look-like-a-postmark-error', '2026-11-23'),
  },
  { status: [404, 405, 415], means: account('wrong-endpoint'), source: API },
  {
    status: [301, 302, 303, 307, 308],
    means: account('wrong-endpoint'),
    source: cite('RFC 9110 section 15.4', '2026-11-23'),
  },
  // The answer has an unknown ErrorCode or no ErrorCode.
  { status: [422], means: UNRECOGNISED, source: API },
  { means: UNSEEN_STATUS, source: cite('the unseen', '2026-11-23') },
];
