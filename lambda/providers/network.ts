import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Meaning, type Outcome } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';
import { message, outage, throttled, unknown, worker } from './fact.ts';
import type { WireTrace } from './wire.ts';

/**
 * Codes of a connection that was never established which only this process can cause (errno(3), and x509_vfy.h of
 * OpenSSL, 2026-11-28). A certificate that is not valid yet indicates our clock, since authorities date theirs back; an
 * expired one is more often the server's fault. DNS that does not answer counts as an outage: the provider's name servers
 * may be the cause.
 */
const OWN_REASONS: readonly (readonly [code: RegExp, reason: WorkerReason])[] = [
  [/^(EMFILE|ENFILE|ENOMEM|ENOBUFS|EADDRNOTAVAIL|EAI_MEMORY|ERR_MEMORY_ALLOCATION_FAILED)$/, 'local-limit'],
  [/^(CERT|CRL)_NOT_YET_VALID$/, 'clock-skew'],
];

/**
 * Codes that name the cause of a connection that was never established (Node 24, measured 2026-11-23); every other code
 * becomes `connect-failed`.
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
 * The outcome of a request that got no usable answer.
 *
 * A connection that was never established proves that nothing arrived. After that the message may have been accepted,
 * even if the write broke off or our own deadline ended the call.
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

/** What a status means at every HTTP provider; undefined leaves the decision to the provider's own table. */
export function statusMeaning(status: number): Meaning | undefined {
  switch (status) {
    case 408:
      // The server stopped reading the request, or reports that although it has read all of it.
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

/** An answer over HTTP as far as it could be read. */
interface HttpAnswer {
  readonly status?: number | undefined;
  readonly headers?: IncomingHttpHeaders | undefined;
  /** The provider's words. */
  readonly words: string;
  /** Code of the body, shown behind the status. */
  readonly code?: number;
}

/** The outcome of an answer: what it means, with the provider's words, and the time that it asks for. */
export function answerOutcome(means: Meaning, { status, headers = {}, words, code }: HttpAnswer): Outcome {
  const waits = means.kind === 'throttled' || (means.kind === 'unavailable' && means.blames === 'account');
  return {
    ...means,
    ...(waits && retryAfter(headers, words)),
    ...(status !== undefined && { status: code ? `${status}/${code}` : `${status}` }),
    detail: detailOf(words),
  };
}

/** Longest Retry-After that is respected; after it the provider is tried again. */
const MAX_RETRY_AFTER_MS = 24 * 3600 * 1000;

/** Milliseconds that `Retry-After` asks for, given as seconds or as a date (measured by the server's own clock if it sent one). */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return cap(Number(value) * 1000);
  // Dates begin with a weekday; Date.parse alone takes "-3" for a year.
  const until = /^[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers.date ?? '');
  return cap(until - (Number.isNaN(sent) ? now : sent));
}

/** A point in time within a sentence. */
const UNTIL =
  /(?:retry|try again|until|resets?)\s+(?:after|at|on)?\s*((?:\w{3}, )?\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}))/i;

/**
 * Wait that a sentence asks for, in milliseconds: "retry after 5 seconds", "try again after 2 minutes", or until a given
 * time.
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

/** `retryAfterMs` ready to spread into a throttled outcome: from the header, else from the provider's words. */
export function retryAfter(headers: IncomingHttpHeaders, text = ''): { retryAfterMs?: number } {
  const ms = retryAfterOf(headers) ?? retryAfterIn(text);
  return ms === undefined ? {} : { retryAfterMs: ms };
}

function cap(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
