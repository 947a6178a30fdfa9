import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FunctionThrottled } from '../lambda/running-functions.ts';
import type { DeployedApi, DeployedRoute } from '../template/apis.ts';
import { accessLine } from './access-log.ts';
import { type ApiAnswer, FAILED, gatewayAnswer, httpResponse } from './answer.ts';
import { eventOf, splitUrl } from './event.ts';
import { type OwnHosts, refuseForeign } from './own-hosts.ts';
import { matchRoute } from './route.ts';
import { Throttle } from './throttle.ts';

// http-api-quotas of the API Gateway guide and Lambda's quotas, collected 2026-11-25. The limit of Lambda is on the event
// as JSON, so the encoded size of the body counts: base64 of a form, escapes of quotes and line ends in text.
const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;

// 413 in both cases was observed at API Gateway (koki-develop/lgtm-generator#10, 2021-09-12, on a REST API), 503 after the
// integration's time at an HTTP API (serverless/serverless#11222); the texts differ from API to API and no client reads them.
const TOO_LARGE = gatewayAnswer(413, 'Request Entity Too Large');
const NOT_FOUND = gatewayAnswer(404, 'Not Found');
const UNAVAILABLE = gatewayAnswer(503, 'Service Unavailable');
// The status is documented (http-api-throttling, collected 2026-11-30); the text has the form of the API's other answers.
const TOO_MANY_REQUESTS = gatewayAnswer(429, 'Too Many Requests');

/** Runs a function of the template; rejects if it throws, its process ends, it times out, or with {@link FunctionThrottled}. */
export type Invoke = (functionName: string, event: unknown) => Promise<unknown>;

/** Options of the HTTP API server. */
export interface HttpApiOptions {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Host names to answer to, such as that of a tunnel through which a provider posts. */
  readonly own: OwnHosts;
  /** APIs of the template; empty until it is read. */
  apis(): readonly DeployedApi[];
  readonly invoke: Invoke;
  /** Stack time, which fills the token buckets of the routes. */
  readonly now: () => number;
  /** Called with each line of the access logs. */
  onAccess?(logGroup: string, line: string): void;
}

/** Serves the HTTP APIs of a template on 127.0.0.1 as API Gateway would. Rejects if the port is taken. */
export async function startHttpApi(
  options: HttpApiOptions,
): Promise<{ readonly url: string; close(): Promise<unknown> }> {
  const throttle = new Throttle(options.now);
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    serve(request, options, throttle).then(
      (answer) => write(response, answer),
      // The client closed the connection while it was sending.
      () => request.socket.destroy(),
    );
  });
  refuseForeign(server, options.own);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function serve(request: IncomingMessage, options: HttpApiOptions, throttle: Throttle): Promise<ApiAnswer> {
  const at = Date.now();
  const begun = performance.now();
  const body = await readBody(request);
  const { path } = splitUrl(request.url ?? '/');
  for (const api of options.apis()) {
    const { id, stage, routes, accessLog } = api;
    const inner = withoutStage(path, stage);
    const match = inner === undefined ? undefined : matchRoute(routes, request.method ?? 'GET', inner);
    if (match === undefined) continue;
    const { route, pathParameters } = match;
    const facts = { apiId: id, stage, routeKey: route.key, pathParameters, now: at };
    const isAdmitted = route.throttle === undefined || throttle.admits(`${id} ${route.key}`, route.throttle);
    const event = body && isAdmitted ? eventOf(request, body, facts) : undefined;
    const { answer, integrationStatus } = event
      ? await answerOf(route, options.invoke, event)
      : { answer: isAdmitted ? TOO_LARGE : TOO_MANY_REQUESTS };
    if (accessLog) {
      const line = accessLine(accessLog.format, {
        requestId: event?.requestContext.requestId ?? '-',
        routeKey: route.key,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        at,
        durationMs: Math.round(performance.now() - begun),
        answer,
        integrationStatus,
      });
      options.onAccess?.(accessLog.logGroup, line);
    }
    return answer;
  }
  return body === undefined ? TOO_LARGE : NOT_FOUND;
}

/** An answer, with Lambda's own status if Lambda answered. */
interface Answered {
  readonly answer: ApiAnswer;
  readonly integrationStatus?: number;
}

/** Answer of the function, or 503 after the route's time; the function continues after that, as on AWS. */
async function answerOf(route: DeployedRoute, invoke: Invoke, event: unknown): Promise<Answered> {
  if (Buffer.byteLength(JSON.stringify(event)) > MAX_EVENT_BYTES) return { answer: TOO_LARGE, integrationStatus: 413 };
  const over = new AbortController();
  const late = { answer: UNAVAILABLE };
  const timeUp = delay(route.timeoutMs, late, { signal: over.signal, ref: false }).catch(() => late);
  try {
    return await Promise.race([invoke(route.functionName, event).then(answered, failed), timeUp]);
  } finally {
    over.abort();
  }
}

const answered = (result: unknown): Answered => ({ answer: httpResponse(result), integrationStatus: 200 });

/** Lambda answers 200 when a function fails, and 429 without concurrency, of which an HTTP API makes 503. */
const failed = (error: unknown): Answered =>
  error instanceof FunctionThrottled
    ? { answer: UNAVAILABLE, integrationStatus: 429 }
    : { answer: FAILED, integrationStatus: 200 };

function withoutStage(path: string, stage: string): string | undefined {
  if (stage === '$default') return path;
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined;
}

/** Reads the whole body, whatever its size, so that the client can read the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_PAYLOAD_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= MAX_PAYLOAD_BYTES ? Buffer.concat(chunks) : undefined;
}

function write(response: ServerResponse, { status, headers, body }: ApiAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
