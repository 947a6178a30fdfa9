import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Meaning, type Outcome } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';
import { defined } from '../platform/defined.ts';
import { message, outage, throttled, unknown, worker } from './fact.ts';
import type { WireTrace } from './wire.ts';

/**
 * Error codes that mean that only a fault of this process prevented the connection (errno(3), and x509_vfy.h of OpenSSL,
 * 2026-11-28). A certificate that is not valid yet means that our clock is wrong, since certificate authorities put the start of
 * validity into the past. An expired certificate is not in this table: it is more often the server's fault. A DNS server without
 * an answer is not in this table either, since it may be a DNS server of the provider.
 */
const OWN_REASONS: readonly (readonly [code: RegExp, reason: WorkerReason])[] = [
  [/^(EMFILE|ENFILE|ENOMEM|ENOBUFS|EADDRNOTAVAIL|EAI_MEMORY|ERR_MEMORY_ALLOCATION_FAILED)$/, 'local-limit'],
  [/^(CERT|CRL)_NOT_YET_VALID$/, 'clock-skew'],
];

/**
 * Reasons for which no connection was established, by error code (Node 24, measured 2026-11-23). Every other code becomes
 * `connect-failed`.
 */
const CONNECT_REASONS: readonly (readonly [code: RegExp, reason: Reason])[] = [
  [/^(ENOTFOUND|EAI_\w+|EDNS|ENODATA|ESERVFAIL)$/, 'dns'],
  [/^ECONNREFUSED$/, 'connection-refused'],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, 'unreachable'],
  [/^(CONNECT_TIMEOUT|DEADLINE|ETIMEDOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/, 'connect-timeout'],
  // OpenSSL's certificate codes have no common prefix.
  [/^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|DEPTH_ZERO_|UNABLE_TO_|SELF_SIGNED_|HOSTNAME_MISMATCH$|INVALID_CA$)/, 'tls'],
];

/**
 * Returns the outcome of a request without a usable answer.
 *
 * Without a connection, no part of the message has arrived. With a connection, the provider may have accepted the message, even
 * if the request was not completely written or if our own deadline ended the call.
 */
export function networkOutcome(trace: Readonly<WireTrace>): Outcome {
  const code = trace.failure ?? '';
  const detail = detailOf(code || 'no answer');
  if (!trace.connected) {
    // There was no request: the SDK failed before it used the network.
    if (!code) return { kind: 'unavailable', blames: 'outage', reason: 'not-sent', detail };
    const own = OWN_REASONS.find(([pattern]) => pattern.test(code));
    if (own) return { ...worker(own[1]), detail };
    const known = CONNECT_REASONS.find(([pattern]) => pattern.test(code));
    return { kind: 'unavailable', blames: 'outage', reason: known?.[1] ?? 'connect-failed', detail };
  }
  if (trace.status !== undefined) return { kind: 'unknown', reason: 'answer-lost', detail };
  return {
    kind: 'unknown',
    reason: code === 'DEADLINE' || code === 'ETIMEDOUT' ? 'no-answer' : 'connection-lost',
    detail,
  };
}

/**
 * Returns the meaning of an HTTP status that means the same at every provider; undefined for a status whose meaning is in the
 * provider's own table.
 */
export function statusMeaning(status: number): Meaning | undefined {
  switch (status) {
    case 408:
      // The server reports that it did not get the request in time, but it may have read the whole request.
      return unknown('no-answer');
    case 413:
      return message('too-large');
    case 429:
      return throttled('rate-limit');
    case 503:
      // RFC 9110 15.6.4: the server does not handle the request.
      return outage('service-unavailable');
  }
  // The provider may have accepted the mail in spite of a 500, 502 or 504. A possible duplicate is better than a lost mail.
  if (status >= 500) return { kind: 'unavailable', blames: 'outage', reason: 'server-error', maybeTaken: true };
  return undefined;
}

/** The parts of an HTTP answer that could be read. */
interface HttpAnswer {
  readonly status?: number | undefined;
  readonly headers?: IncomingHttpHeaders | undefined;
  /** Text of the answer. */
  readonly words: string;
  /** Error code in the body; the outcome contains it after the status, such as `422/300`. */
  readonly code?: number;
}

/**
 * Returns the outcome of an answer: its meaning, status and text. If the answer throttles or refuses the account, the outcome
 * also has the wait that the answer asks for.
 */
export function answerOutcome(means: Meaning, { status, headers = {}, words, code }: HttpAnswer): Outcome {
  const waits = means.kind === 'throttled' || (means.kind === 'unavailable' && means.blames === 'account');
  return {
    ...means,
    ...(waits && retryAfter(headers, words)),
    ...defined({ status: status === undefined ? undefined : code ? `${status}/${code}` : `${status}` }),
    detail: detailOf(words),
  };
}

/** Longest wait in milliseconds. If an answer asks for a longer wait, the provider is tried again after this time. */
const MAX_RETRY_AFTER_MS = 24 * 3600 * 1000;

/**
 * Returns the wait, in milliseconds, that the header `Retry-After` asks for; undefined if it is missing or unreadable. The header
 * contains seconds or a date. For a date, the wait is the difference between this date and the answer's `Date` header (or `now`,
 * without a `Date` header).
 */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return cap(Number(value) * 1000);
  // The value counts as a date only if it begins with letters (the weekday), since Date.parse reads "-3" as a year.
  const until = /^[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers.date ?? '');
  return cap(until - (Number.isNaN(sent) ? now : sent));
}

/** Pattern of a date with time in a sentence, such as "try again after 2026-11-30T12:00:00Z". */
const UNTIL =
  /(?:retry|try again|until|resets?)\s+(?:after|at|on)?\s*((?:\w{3}, )?\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}))/i;

/**
 * Returns the wait, in milliseconds, that a sentence asks for, such as "try again after 2 minutes" or "try again after" with a
 * date. A number without a unit means seconds. Returns undefined if the sentence asks for no wait.
 */
export function retryAfterIn(text: string, now: number = Date.now()): number | undefined {
  const until = Date.parse(UNTIL.exec(text)?.[1] ?? '');
  if (!Number.isNaN(until)) return until > now ? cap(until - now) : undefined;
  const found =
    /(?:retry|try again)\s+(?:after|in)\s+(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?)?\b/i.exec(
      text,
    );
  if (!found) return undefined;
  const unit = (found[2] ?? 's').toLowerCase();
  const factor =
    unit.startsWith('ms') || unit.startsWith('mil') ? 1 : unit[0] === 'm' ? 60_000 : unit[0] === 'h' ? 3_600_000 : 1000;
  return cap(Number(found[1]) * factor);
}

/**
 * Returns an object with `retryAfterMs`, from the header or, if the header states no wait, from the text of the answer. Returns
 * an empty object if neither asks for a wait.
 */
export function retryAfter(headers: IncomingHttpHeaders, text = ''): { retryAfterMs?: number } {
  const ms = retryAfterOf(headers) ?? retryAfterIn(text);
  return ms === undefined ? {} : { retryAfterMs: ms };
}

function cap(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
