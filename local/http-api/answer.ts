/** An HTTP answer as it is sent. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** An answer of API Gateway itself, without a function. */
export function gatewayAnswer(status: number, message: string): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

export const FAILED = gatewayAnswer(500, 'Internal Server Error');

/**
 * Converts a function's result to an HTTP answer: with a `statusCode` by its fields, without one as the JSON body of a 200
 * (docs.aws.amazon.com/apigateway, http-api-develop-integrations-lambda, collected 2026-11-25).
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
    Number.isInteger(status) && status >= 200 && status <= 599 && typeof body === 'string' && isRecord(headers);
  if (!wellFormed) return FAILED;
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...Object.fromEntries(named.filter(([name]) => name !== 'content-length')),
      ...(Array.isArray(cookies) && { 'set-cookie': cookies.map(String) }),
    },
    body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
