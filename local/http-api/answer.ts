import { defined } from '../../lambda/platform/defined.ts';
import { isObject } from '../../lambda/platform/is-object.ts';
/** An HTTP answer in the form in which the server sends it to the client. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** Returns an answer that API Gateway itself gives, without the result of a function. */
export function gatewayAnswer(status: number, message: string): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

export const FAILED = gatewayAnswer(500, 'Internal Server Error');

/**
 * Converts a function's result to an HTTP answer. If the result has a `statusCode`, the fields of the result give the status,
 * headers, cookies and body of the answer; if one of these fields is invalid, the answer is 500. A result without a `statusCode`
 * becomes the JSON body of an answer with the status 200 (docs.aws.amazon.com/apigateway, http-api-develop-integrations-lambda,
 * collected 2026-11-25).
 */
export function httpResponse(answer: unknown): ApiAnswer {
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer ?? null)),
    };
  }
  const { statusCode, headers = {}, cookies, body = '', isBase64Encoded } = answer as Readonly<Record<string, unknown>>;
  const status = Number(statusCode);
  const wellFormed =
    Number.isInteger(status) && status >= 200 && status <= 599 && typeof body === 'string' && isObject(headers);
  if (!wellFormed) return FAILED;
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...Object.fromEntries(named.filter(([name]) => name !== 'content-length')),
      ...defined({ 'set-cookie': Array.isArray(cookies) ? cookies.map(String) : undefined }),
    },
    body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
