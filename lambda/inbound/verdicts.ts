import type { AuthenticationResult, InboundMessage } from '../contract/inbound.ts';
import { AUTHENTICATION_RESULTS } from '../contract/inbound-words.ts';
import { defined } from '../platform/defined.ts';
import { definitionOf } from '../providers/registry.ts';
import { type Headers, valuesOf } from './headers.ts';

type Verdicts = Pick<InboundMessage, 'spam' | 'authentication'>;

/**
 * The result of the provider's filter. A sender can forge the same headers, and the provider's own ones cannot be
 * identified: so the worst one counts, and a forgery never improves the result.
 */
export function verdictsOf(type: string, headers: Headers): Verdicts {
  const names = definitionOf(type).inbound?.filterHeaders;
  if (!names) return {};
  const values = (name: string) => (name === '' ? [] : valuesOf(headers, name));
  const flags = values(names.flag).map((value) => /^\s*(yes|fail|true|spam)/i.test(value));
  const scores = values(names.score).map(Number.parseFloat).filter(Number.isFinite);
  const spam = {
    ...(flags.length > 0 && { verdict: flags.includes(true) ? ('fail' as const) : ('pass' as const) }),
    ...(scores.length > 0 && { score: Math.max(...scores) }),
  };
  const stated = resultsOf(values('authentication-results'), names.server);
  const tests = names.tests ? values(names.tests).join(',') : '';
  const spf = worst([...values(names.spf).map(resultIn), ...stated('spf')]);
  const dkim = worst([...values(names.dkim).map(resultIn), ...dkimOf(tests), ...stated('dkim')]);
  const dmarc = worst(stated('dmarc'));
  const authentication = defined({ spf, dkim, dmarc });
  return {
    ...(Object.keys(spam).length > 0 && { spam }),
    ...(Object.keys(authentication).length > 0 && { authentication }),
  };
}

/** Results of authentication, from worst to best. */
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

/** Reads values such as `Pass (sender SPF authorized) …` or `SoftFail`. */
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
    // One valid signature is enough (RFC 8601 section 2.7.1), whatever the others are.
    return method === 'dkim' && results.includes('pass') ? ['pass'] : results;
  };
}

const RESULT = /;\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)/gi;

/** DKIM result from SpamAssassin's tests, as far as they are definite. */
function dkimOf(tests: string): AuthenticationResult[] {
  const names = tests.split(/[\s,]+/);
  if (names.includes('DKIM_VALID')) return ['pass'];
  return names.includes('DKIM_INVALID') || names.includes('T_DKIM_INVALID') ? ['fail'] : [];
}
