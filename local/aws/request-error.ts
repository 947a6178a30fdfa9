/** An error in a request of an AWS client. The client gets the `code` of the error in the answer. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
