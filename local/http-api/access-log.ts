import type { ApiAnswer } from './answer.ts';

/** Facts of an answered request. */
export interface AccessFacts {
  readonly requestId: string;
  readonly routeKey: string;
  readonly sourceIp: string;
  /** Start of the request, in epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly answer: ApiAnswer;
  /** Status of Lambda's answer to the API, not of the function's; undefined if Lambda was not called or did not answer. */
  readonly integrationStatus: number | undefined;
}

/** A line of an access log: the format of the stage with its variables replaced, and `-` for those without a value. */
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
