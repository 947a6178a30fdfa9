/** An error answer of the API: status, and a message for the user. */
export class ApiError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Parses a body as JSON, whatever its Content-Type. */
export function parseBody(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw new ApiError(400, 'The body is not JSON. With curl: -d \'{ "name": "value" }\'.');
  }
}

/** The `limit` of a list, as its query gives it. */
export function limitOf(limit: string | undefined, otherwise: number, most: number): number {
  if (limit === undefined) return otherwise;
  if (/^[1-9]\d{0,8}$/.test(limit) && Number(limit) <= most) return Number(limit);
  throw new ApiError(400, `limit is ${JSON.stringify(limit)}; it must be a whole number from 1 to ${most}.`);
}
