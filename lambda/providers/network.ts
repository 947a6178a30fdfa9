import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Meaning, type Outcome } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';
import { defined } from '../platform/defined.ts';
import { message, outage, throttled, unknown, worker } from './fact.ts';
import type { WireTrace } from './wire.ts';

/**
 * Error codes that mean that no connection was established because of a fault of this process alone (errno(3), and x509_vfy.h of
 * OpenSSL, 2026-11-28). A certificate that is not valid yet means that our clock is wrong, since certificate authorities put the
 * start of validity into the past. An expired certificate is more often the server's fault. A DNS server that does not answer
 * counts as an outage, since it may be a DNS server of the provider.
 */
const OWN_REASONS: readonly (readonly [code: RegExp, reason: WorkerReason])[] = [
  [/^(EMFILE|ENFILE|ENOMEM|ENOBUFS|EADDRNOTAVAIL|EAI_MEMORY|ERR_MEMORY_ALLOCATION_FAILED)$/, 'local-limit'],
  [/^(CERT|CRL)_NOT_YET_VALID$/, 'clock-skew'],
];

/**
 * Error codes that tell why no connection was established (Node 24, measured 2026-11-23). Every other code becomes
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
 * Returns the outcome of a request that got no usable answer.
 *
 * If no connection was established, no part of the message has arrived. Once a connection was established, the message may have
 * been accepted, even if the request was not completely written or our own deadline ended the call.
 */
export function networkOutcome(trace: Readonly<WireTrace>): Outcome {
  const code = trace.failure ?? '';
  const detail = detailOf(code || 'no answer');
  if (!trace.connected) {
    // No request was made: the SDK gave up by itself, before it used the network.
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
 * Returns the meaning of an HTTP status that is the same at every provider; undefined if the provider's own table gives the
 * meaning.
 */
export function statusMeaning(status: number): Meaning | undefined {
  switch (status) {
    case 408:
      // The server reports that the request did not arrive in time, but the server may have read the whole request.
      return unknown('no-answer');
    case 413:
      return message('too-large');
    case 429:
      return throttled('rate-limit');
    case 503:
      // RFC 9110 15.6.4: the server does not handle the request.
      return outage('service-unavailable');
  }
  // The mail may have been accepted in spite of a 500, 502 or 504; a possible duplicate is preferred to a lost mail.
  if (status >= 500) return { kind: 'unavailable', blames: 'outage', reason: 'server-error', maybeTaken: true };
  return undefined;
}

/** The parts of an HTTP answer that could be read. */
interface HttpAnswer {
  readonly status?: number | undefined;
  readonly headers?: IncomingHttpHeaders | undefined;
  /** Text of the answer. */
  readonly words: string;
  /** Error code in the body; the outcome shows it after the status, as in `422/300`. */
  readonly code?: number;
}

/** Returns the outcome of an answer: its meaning, its text and, if the answer asks for a wait, the length of the wait. */
export function answerOutcome(means: Meaning, { status, headers = {}, words, code }: HttpAnswer): Outcome {
  const waits = means.kind === 'throttled' || (means.kind === 'unavailable' && means.blames === 'account');
  return {
    ...means,
    ...(waits && retryAfter(headers, words)),
    ...defined({ status: status === undefined ? undefined : code ? `${status}/${code}` : `${status}` }),
    detail: detailOf(words),
  };
}

/** Longest wait in milliseconds: if a Retry-After is longer, the provider is tried again after this time. */
const MAX_RETRY_AFTER_MS = 24 * 3600 * 1000;

/**
 * Returns the wait in milliseconds for which the header `Retry-After` asks. The header contains seconds or a date. If it contains
 * a date, the wait is the difference between this date and the answer's `Date` header (or `now`, if that header is missing).
 */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return cap(Number(value) * 1000);
  // A date begins with its weekday: this check is needed, since Date.parse reads "-3" as a year.
  const until = /^[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers.date ?? '');
  return cap(until - (Number.isNaN(sent) ? now : sent));
}

/** A date with time in a sentence, such as "try again after 2026-11-30T12:00:00Z". */
const UNTIL =
  /(?:retry|try again|until|resets?)\s+(?:after|at|on)?\s*((?:\w{3}, )?\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}))/i;

/**
 * Returns the wait in milliseconds for which a sentence asks, such as "try again after 2 minutes", or the time until a date in
 * the sentence.
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
 * Returns `retryAfterMs` for an outcome, from the header or otherwise from the text of the answer; an empty object if neither
 * asks for a wait.
 */
export function retryAfter(headers: IncomingHttpHeaders, text = ''): { retryAfterMs?: number } {
  const ms = retryAfterOf(headers) ?? retryAfterIn(text);
  return ms === undefined ? {} : { retryAfterMs: ms };
}

function cap(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
