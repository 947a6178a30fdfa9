/** An answer other than 200, with a sentence for a person. */
export class ApiError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Reads a body as JSON, whatever type the client gave it. */
export function parseBody(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw new ApiError(400, 'The body is not JSON.');
  }
}
