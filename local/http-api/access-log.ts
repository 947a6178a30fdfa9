import type { ApiAnswer } from './answer.ts';

/** Data of an answered request that a line of the access log may contain. */
export interface AccessFacts {
  readonly requestId: string;
  readonly routeKey: string;
  readonly sourceIp: string;
  /** Start of the request, in epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly answer: ApiAnswer;
  /**
   * HTTP status of Lambda's answer to the API, not the status in the function's result; undefined if Lambda was not called or did
   * not answer.
   */
  readonly integrationStatus: number | undefined;
}

/**
 * Returns a line of an access log: the log format of the stage, in which each variable is replaced by its value, or by `-` if it
 * has no value.
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
