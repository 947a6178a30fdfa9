import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FunctionThrottled } from '../lambda/running-functions.ts';
import { listenOn } from '../network/listen.ts';
import { type OwnHosts, refuseForeign } from '../network/own-hosts.ts';
import { readBody } from '../network/read-body.ts';
import type { DeployedApi, DeployedRoute } from '../template/apis.ts';
import { accessLine } from './access-log.ts';
import { type ApiAnswer, FAILED, gatewayAnswer, httpResponse } from './answer.ts';
import { eventOf, splitUrl } from './event.ts';
import { matchRoute } from './route.ts';
import { Throttle } from './throttle.ts';

// Sources: http-api-quotas of the API Gateway guide and Lambda's quotas, collected 2026-11-25. Lambda limits the size of the
// event in JSON. Therefore the size of the encoded body counts, for example in base64 for a form, and with escaped quotes and
// line ends for text.
const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;

// API Gateway was observed to answer 413 if the payload or the event is too large (koki-develop/lgtm-generator#10, 2021-09-12, on
// a REST API), and 503 after the integration's time-out (serverless/serverless#11222, on an HTTP API). The texts of these answers
// differ between APIs, and no client reads them.
const TOO_LARGE = gatewayAnswer(413, 'Request Entity Too Large');
const NOT_FOUND = gatewayAnswer(404, 'Not Found');
const UNAVAILABLE = gatewayAnswer(503, 'Service Unavailable');
// The status is documented (http-api-throttling, collected 2026-11-30). The text is written like the other error texts of the
// API.
const TOO_MANY_REQUESTS = gatewayAnswer(429, 'Too Many Requests');

/**
 * Invokes a function of the template. Rejects if the function throws or times out, or if its process ends. Rejects with {@link
 * FunctionThrottled} if the function's reserved concurrency is used up.
 */
export type Invoke = (functionName: string, event: unknown) => Promise<unknown>;

/** Options of the HTTP API server. */
export interface HttpApiOptions {
  /** Port to listen on; 0 chooses a free port. */
  readonly port: number;
  /**
   * Whether the server answers requests with a given host name, for example the name of a tunnel through which a real provider
   * posts.
   */
  readonly own: OwnHosts;
  /** Returns the HTTP APIs of the template. The list is empty until the template has been read. */
  apis(): readonly DeployedApi[];
  readonly invoke: Invoke;
  /**
   * Returns the time of the local stack's clock, in epoch milliseconds. The rate limits of the routes are measured by this clock.
   */
  readonly now: () => number;
  /** Called with each new line of an access log. */
  onAccess?(logGroup: string, line: string): void;
}

/** Serves the HTTP APIs of a template on 127.0.0.1, as API Gateway does on AWS. Rejects if the port is in use. */
export async function startHttpApi(
  options: HttpApiOptions,
): Promise<{ readonly url: string; close(): Promise<unknown> }> {
  const throttle = new Throttle(options.now);
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    serve(request, options, throttle).then(
      (answer) => write(response, answer),
      // `serve` rejects if the client closes the connection before it has sent the whole request.
      () => request.socket.destroy(),
    );
  });
  refuseForeign(server, options.own);
  await listenOn(server, options.port);
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
  const body = await readBody(request, MAX_PAYLOAD_BYTES);
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

/** An answer of the HTTP API. If Lambda answered, it also contains the status of Lambda's answer. */
interface Answered {
  readonly answer: ApiAnswer;
  readonly integrationStatus?: number;
}

/**
 * Returns the answer of the function, or 503 after the route's time-out. After the time-out the function continues to run, as on
 * AWS.
 */
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

/**
 * Returns the answer of the HTTP API after a failed invocation. If the function failed, Lambda answers 200, and the HTTP API
 * answers 500. If no concurrency is free, Lambda answers 429, and the HTTP API answers 503.
 */
const failed = (error: unknown): Answered =>
  error instanceof FunctionThrottled
    ? { answer: UNAVAILABLE, integrationStatus: 429 }
    : { answer: FAILED, integrationStatus: 200 };

function withoutStage(path: string, stage: string): string | undefined {
  if (stage === '$default') return path;
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined;
}

function write(response: ServerResponse, { status, headers, body }: ApiAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
