/** An error that an AWS client sees under `code`, which is the caller's fault. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
