import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ACCOUNT, REGION } from '../template/names.ts';

// The documentation says "binary" and lists nothing; measured against AWS by ministackorg/ministack#766 (2026-06-01):
// these are text; everything else is binary, including a form and a request without Content-Type.
const TEXT = /^(text\/.*|application\/(json|xml|javascript))$/i;

/** Facts of a request that API Gateway adds to the event. */
export interface RequestFacts {
  readonly apiId: string;
  readonly stage: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The event of a request for the function: payload format 2.0 of an HTTP API. */
export function eventOf(request: IncomingMessage, body: Buffer, facts: RequestFacts): APIGatewayProxyEventV2 {
  const { apiId, stage, routeKey, pathParameters, now } = facts;
  const method = request.method ?? 'GET';
  const { path, query } = splitUrl(request.url ?? '/');
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const { headers, cookies } = headersOf(request.rawHeaders);
  const forwarded = headers['x-forwarded-for'];
  const text = TEXT.test((headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '');
  const domainPrefix = apiId;
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
      // The real address is the last one; addresses that the client claims are kept before it.
      'x-forwarded-for': forwarded === undefined ? sourceIp : `${forwarded}, ${sourceIp}`,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(query !== '' && { queryStringParameters: queryOf(query) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName: `${domainPrefix}.execute-api.${REGION}.amazonaws.com`,
      domainPrefix,
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomBytes(11).toString('base64url'),
      routeKey,
      stage,
      time: clfTime(now),
      timeEpoch: now,
    },
    ...(Object.keys(pathParameters).length > 0 && { pathParameters: { ...pathParameters } }),
    ...(body.length > 0 && { body: body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  };
}

/** Path and query of a request target, not decoded. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Names in lower case, repeats joined with a comma; cookies separate, as in format 2.0. */
function headersOf(raw: readonly string[]): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let place = 0; place < raw.length; place += 2) {
    const name = (raw[place] ?? '').toLowerCase();
    const value = raw[place + 1] ?? '';
    if (name === 'cookie') cookies.push(...value.split(/;\s*/).filter(Boolean));
    else if (!HOP_BY_HOP.has(name)) headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return { headers, cookies };
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect', 'upgrade']);

function queryOf(query: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    values[name] = name in values ? `${values[name]},${value}` : value;
  return values;
}

/** `25/Nov/2026:16:20:00 +0000`. */
function clfTime(now: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(now).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
