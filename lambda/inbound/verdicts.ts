import type { AuthenticationResult, InboundMessage } from '../contract/inbound.ts';
import { AUTHENTICATION_RESULTS } from '../contract/inbound-enums.ts';
import { defined } from '../platform/defined.ts';
import { definitionOf } from '../providers/registry.ts';
import { type Headers, valuesOf } from './headers.ts';

type Verdicts = Pick<InboundMessage, 'spam' | 'authentication'>;

/**
 * Reads the results of the provider's spam filter and of the authentication of the sender from headers. A sender can forge these
 * headers, and the headers that the provider added cannot be distinguished from forged headers. Therefore the worst value counts,
 * so a forged header cannot improve the result of the provider. Within one header, one `pass` of several DKIM signatures is enough.
 */
export function verdictsOf(type: string, headers: Headers): Verdicts {
  const names = definitionOf(type).inbound?.filterHeaders;
  if (!names) return {};
  const values = (name: string) => (name === '' ? [] : valuesOf(headers, name));
  const flags = values(names.flag).map((value) => /^\s*(yes|fail|true|spam)/i.test(value));
  const scores = values(names.score).map(Number.parseFloat).filter(Number.isFinite);
  const spam = defined({
    verdict: flags.length === 0 ? undefined : flags.includes(true) ? 'fail' : 'pass',
    score: scores.length > 0 ? Math.max(...scores) : undefined,
  });
  const stated = resultsOf(values('authentication-results'), names.server);
  const tests = names.tests ? values(names.tests).map(dkimOf) : [];
  const spf = worst([...values(names.spf).map(resultIn), ...stated('spf')]);
  const dkim = worst([...values(names.dkim).map(resultIn), ...ofEachHeader(tests), ...stated('dkim')]);
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

/**
 * Reads values of Authentication-Results (RFC 8601) such as `server; spf=pass …; dkim=pass …`. Only values that name a
 * server of the provider count.
 */
function resultsOf(values: readonly string[], server: RegExp) {
  const own = values.filter((value) =>
    server.test((value.split(';', 1)[0] ?? '').trim().split(/\s/)[0]?.toLowerCase() ?? ''),
  );
  return (method: string): readonly AuthenticationResult[] =>
    ofEachHeader(
      own.map((value) => {
        const given = [...value.slice(0, 8_000).matchAll(RESULT)];
        const results = given.flatMap(([, name, result = '']) =>
          name?.toLowerCase() === method ? [resultIn(result)] : [],
        );
        // One valid DKIM signature is enough (RFC 8601 section 2.7.1), whatever the results of the other signatures are.
        return method === 'dkim' && results.includes('pass') ? 'pass' : worst(results);
      }),
    );
}

const RESULT = /;\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)/gi;

/** Returns the DKIM result according to SpamAssassin's tests in one header; undefined if the tests give no definite result. */
function dkimOf(tests: string): AuthenticationResult | undefined {
  const names = tests.split(/[\s,]+/);
  if (names.includes('DKIM_VALID')) return 'pass';
  return names.includes('DKIM_INVALID') || names.includes('T_DKIM_INVALID') ? 'fail' : undefined;
}

/**
 * Returns the results of several headers with the same name. If some of them have no result, the result `none` is added: they may be
 * the headers of the provider, and the others forged. Returns an empty list if no header has a result.
 */
function ofEachHeader(results: readonly (AuthenticationResult | undefined)[]): readonly AuthenticationResult[] {
  const given = results.filter((result) => result !== undefined);
  return given.length === 0 || given.length === results.length ? given : [...given, 'none'];
}
