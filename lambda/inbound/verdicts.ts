import { AUTHENTICATION_RESULTS, type AuthenticationResult, type InboundMessage } from '../contract/inbound.ts';
import type { InboundType } from '../contract/providers.ts';
import { type Headers, valuesOf } from './headers.ts';

type Verdicts = Pick<InboundMessage, 'spam' | 'authentication'>;

/** Headers that a provider's own filter writes. */
interface Words {
  readonly flag: string;
  readonly score: string;
  readonly spf: string;
  readonly dkim: string;
  /** SpamAssassin's tests that tell of DKIM. */
  readonly tests?: string;
  /** Name of the provider's servers in Authentication-Results. */
  readonly server: RegExp;
}

const WORDS: Readonly<Record<InboundType, Words>> = {
  // documentation.mailgun.com, "Spam Filter" (2026-11-25): added when the domain's filter is on.
  mailgun: {
    flag: 'x-mailgun-sflag',
    score: 'x-mailgun-sscore',
    spf: 'x-mailgun-spf',
    dkim: 'x-mailgun-dkim-check-result',
    server: /(^|\.)mailgun\.(org|net|com)$/,
  },
  // postmarkapp.com/developer/webhooks/inbound-webhook (2026-11-25): SpamAssassin sees every mail.
  postmark: {
    flag: 'x-spam-status',
    score: 'x-spam-score',
    spf: 'received-spf',
    dkim: '',
    tests: 'x-spam-tests',
    server: /(^|\.)(postmarkapp\.com|mtasv\.net)$/,
  },
  // docs.aws.amazon.com/ses, receiving-email-concepts (2026-11-25).
  ses: {
    flag: 'x-ses-spam-verdict',
    score: '',
    spf: 'received-spf',
    dkim: '',
    server: /^amazonses\.com$/,
  },
};

/**
 * What the provider's filter found. A sender can write the same headers, and nothing tells which of two a provider
 * added; so the worse one counts, and a forgery makes nothing look better than the provider says.
 */
export function verdictsOf(type: InboundType, headers: Headers): Verdicts {
  const words = WORDS[type];
  const values = (name: string) => (name === '' ? [] : valuesOf(headers, name));
  const flags = values(words.flag).map((value) => /^\s*(yes|fail|true|spam)/i.test(value));
  const scores = values(words.score).map(Number.parseFloat).filter(Number.isFinite);
  const spam = {
    ...(flags.length > 0 && { verdict: flags.includes(true) ? ('fail' as const) : ('pass' as const) }),
    ...(scores.length > 0 && { score: Math.max(...scores) }),
  };
  const stated = resultsOf(values('authentication-results'), words.server);
  const tests = words.tests ? values(words.tests).join(',') : '';
  const spf = worst([...values(words.spf).map(resultIn), ...stated('spf')]);
  const dkim = worst([...values(words.dkim).map(resultIn), ...dkimOf(tests), ...stated('dkim')]);
  const dmarc = worst(stated('dmarc'));
  const authentication = { ...(spf && { spf }), ...(dkim && { dkim }), ...(dmarc && { dmarc }) };
  return {
    ...(Object.keys(spam).length > 0 && { spam }),
    ...(Object.keys(authentication).length > 0 && { authentication }),
  };
}

/** From worst to best, for an attacker who would like the best. */
const ORDER: readonly AuthenticationResult[] = [
  'fail',
  'permerror',
  'softfail',
  'policy',
  'temperror',
  'neutral',
  'none',
  'pass',
];

function worst(results: readonly (AuthenticationResult | undefined)[]): AuthenticationResult | undefined {
  return ORDER.find((result) => results.includes(result));
}

/** `Pass (sender SPF authorized) …`, `SoftFail`. */
function resultIn(value: string): AuthenticationResult | undefined {
  const [word] = /[a-z]+/.exec(value.slice(0, 100).toLowerCase()) ?? [];
  return AUTHENTICATION_RESULTS.find((result) => result === word);
}

/** RFC 8601: `server; spf=pass …; dkim=pass …`, of the provider's own servers only. */
function resultsOf(values: readonly string[], server: RegExp) {
  const own = values.filter((value) =>
    server.test((value.split(';', 1)[0] ?? '').trim().split(/\s/)[0]?.toLowerCase() ?? ''),
  );
  return (method: string): (AuthenticationResult | undefined)[] => {
    const given = own.flatMap((value) => [...value.slice(0, 8_000).matchAll(RESULT)]);
    const results = given.flatMap(([, name, result = '']) =>
      name?.toLowerCase() === method ? [resultIn(result)] : [],
    );
    // One good signature is enough (RFC 8601 section 2.7.1), whatever others are there.
    return method === 'dkim' && results.includes('pass') ? ['pass'] : results;
  };
}

const RESULT = /;\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)/gi;

/** SpamAssassin's words, as far as they are certain. */
function dkimOf(tests: string): AuthenticationResult[] {
  const names = tests.split(/[\s,]+/);
  if (names.includes('DKIM_VALID')) return ['pass'];
  return names.includes('DKIM_INVALID') || names.includes('T_DKIM_INVALID') ? ['fail'] : [];
}
