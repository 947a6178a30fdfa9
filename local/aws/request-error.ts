/** Error for an invalid request of an AWS client. The answer to the client contains the error code `code`. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
