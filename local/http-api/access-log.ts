import type { ApiAnswer } from './answer.ts';

/** Data of an answered request from which the line of the access log is written. */
export interface AccessFacts {
  readonly requestId: string;
  readonly routeKey: string;
  readonly sourceIp: string;
  /** Real time at which the request began, in epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly answer: ApiAnswer;
  /**
   * HTTP status of Lambda's answer to the API. This is not the status in the function's result. Undefined if Lambda was not
   * called or did not answer.
   */
  readonly integrationStatus: number | undefined;
}

/**
 * Returns a line of an access log. In the log format of the stage, each variable is replaced by its value, or by `-` if it has no
 * value.
 */
export function accessLine(format: string, facts: AccessFacts): string {
  const { answer } = facts;
  const values: Readonly<Record<string, string | number | undefined>> = {
    requestId: facts.requestId,
    requestTimeEpoch: facts.at,
    routeKey: facts.routeKey,
    status: answer.status,
    responseLength: answer.body.length,
    responseLatency: facts.durationMs,
    'identity.sourceIp': facts.sourceIp,
    integrationStatus: facts.integrationStatus,
  };
  return format.replace(/\$context\.([\w.]+)/g, (_variable, name: string) => String(values[name] ?? '-'));
}
