import type { AwsCall } from './operation.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// HTTP statuses of error codes whose status is not 400. Source for S3: "Error responses" of the API reference. Services with a
// JSON protocol answer 400 for an error of the caller and 5xx for an error of the service (SQS and Secrets Manager API
// references, "Common errors"; collected 2026-11-23).
const STATUS: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InternalError: 500,
  InternalFailure: 500,
  InternalServerError: 500,
  InternalServiceError: 500,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  ServiceUnavailable: 503,
  SlowDown: 503,
};

const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Returns an error answer with the given error code, in the protocol of the called AWS service. */
export function errorAnswer({ service }: AwsCall, code: string, message: string): ErrorAnswer {
  const status = STATUS[code] ?? 400;
  if (service === 's3') {
    const text = (value: string): string => value.replace(/[&<>]/g, (character) => XML_ESCAPES[character] ?? '');
    return {
      status,
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${text(code)}</Code><Message>${text(message)}</Message></Error>`,
    };
  }
  const json = service === 'secrets' ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0';
  return {
    status,
    headers: {
      'content-type': json,
      'x-amzn-errortype': code,
      ...(service === 'sqs' && { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` }),
    },
    body: JSON.stringify({ __type: service === 'sqs' ? `com.amazonaws.sqs#${code}` : code, message }),
  };
}
