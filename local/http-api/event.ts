import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { defined } from '../../lambda/platform/defined.ts';
import { ACCOUNT, REGION } from '../template/names.ts';

// Content types of a body that API Gateway passes to the function as text. API Gateway passes every other body in base64, even a
// form and a body without Content-Type. The documentation does not list these content types. Source: a measurement at AWS in
// ministackorg/ministack#766 (2026-06-01).
const TEXT = /^(text\/.*|application\/(json|xml|javascript))$/i;

/** Data that API Gateway adds to the event of a request. */
export interface RequestFacts {
  readonly apiId: string;
  readonly stage: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** Time of the request, in epoch milliseconds of real time. */
  readonly now: number;
}

/** Returns the event with which the function is invoked for a request, in the payload format 2.0 of an HTTP API. */
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
    ...defined({ cookies: cookies.length > 0 ? cookies : undefined }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
      // In X-Forwarded-For only the last address is reliable: it is the address of the connection. The addresses before the last
      // one are those that the request itself stated.
      'x-forwarded-for': forwarded === undefined ? sourceIp : `${forwarded}, ${sourceIp}`,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...defined({ queryStringParameters: query === '' ? undefined : queryOf(query) }),
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
    ...defined({
      pathParameters: Object.keys(pathParameters).length > 0 ? { ...pathParameters } : undefined,
      body: body.length > 0 ? body.toString(text ? 'utf8' : 'base64') : undefined,
    }),
    isBase64Encoded: body.length > 0 && !text,
  };
}

/** Splits the target of a request into path and query. Neither is decoded. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/**
 * Returns the headers by their names in lower case, without headers that apply only to one connection (hop-by-hop). The values of
 * repeated headers are joined with a comma. As in payload format 2.0, cookies are returned as a separate list.
 */
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

/** Returns a time in the Common Log Format, such as `25/Nov/2026:16:20:00 +0000`. */
function clfTime(now: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(now).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
