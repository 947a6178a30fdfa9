/** Error for which the API answers with the status `statusCode`. The message is a text for the user. */
export class ApiError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Parses a request body as JSON, whatever the Content-Type of the request is. @throws {ApiError} 400 if the body is not JSON */
export function parseBody(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw new ApiError(400, 'The body is not JSON. With curl: -d \'{ "name": "value" }\'.');
  }
}

/**
 * Returns the number in the query parameter `limit`, or `otherwise` if the parameter is missing. @throws {ApiError} 400 if the
 * parameter is not a whole number from 1 to `most`
 */
export function limitOf(limit: string | undefined, otherwise: number, most: number): number {
  if (limit === undefined) return otherwise;
  if (/^[1-9]\d{0,8}$/.test(limit) && Number(limit) <= most) return Number(limit);
  throw new ApiError(400, `limit is ${JSON.stringify(limit)}; it must be a whole number from 1 to ${most}.`);
}
