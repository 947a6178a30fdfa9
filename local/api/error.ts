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
    throw new ApiError(400, 'The body is not JSON.');
  }
}
