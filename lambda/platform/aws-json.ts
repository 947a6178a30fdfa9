import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import aws4 from 'aws4';
import { afterArrivals } from './arrivals.ts';
import { IDLE_MS } from './kept-sockets.ts';
import { endIfSilent, overKeptSockets, type SocketLimits, timeoutError } from './patience.ts';

/** A service of AWS that is called with JSON, and the limits of its calls. */
export interface JsonService {
  /** Name in the host and in signatures. */
  readonly name: string;
  /** Part of `X-Amz-Target` before the operation. */
  readonly target: string;
  /** Version of JSON in the content type. */
  readonly version: '1.0' | '1.1';
  /** Variable with another endpoint than the public one. */
  readonly endpointVariable: string;
  readonly limits: SocketLimits;
}

/** Keys of an identity; `sessionToken` if they are temporary. */
interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where and as which identity a service is called. */
export interface AwsAccess {
  /** @default - `AWS_REGION` */
  readonly region?: string;
  /** @default - the service's variable, `AWS_ENDPOINT_URL`, or the public endpoint of the region */
  readonly endpoint?: string;
  /** @default - the variables that Lambda sets for the role of the function */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials> | AwsCredentials);
  /**
   * Tries of one call.
   * @default 2
   */
  readonly maxAttempts?: number;
  /** Value of `User-Agent`. @default - none */
  readonly userAgent?: string;
}

/** Calls an operation. Throws an {@link AwsError}, or an error of the connection with Node's `code`. */
export type JsonCall = (operation: string, input: object) => Promise<unknown>;

/** An answer with an error; `name` is the service's name of it. */
class AwsError extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  /** The service's clock, in epoch milliseconds, if it sent one. */
  readonly date: number | undefined;

  constructor(name: string, message: string, status: number, date: number | undefined) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.date = date;
  }
}

/**
 * Calls of one service: JSON, signed by aws4, over kept sockets. The client of the SDK makes choices that are always the
 * same here: they take two thirds of the CPU time of its calls, and most of the CPU time of its cold start.
 *
 * @throws Error without a region
 */
export function awsJson(service: JsonService, access: AwsAccess = {}): JsonCall {
  const { maxAttempts = 2, credentials = functionCredentials, userAgent } = access;
  const region = access.region ?? process.env['AWS_REGION'];
  if (!region) throw new Error('no region; set AWS_REGION');
  const url = new URL(access.endpoint ?? endpointOf(service, region));
  const post = poster(url, service.limits);
  /** Clock of the service minus ours, once it has refused a signature for its time. */
  let skewMs = 0;
  const once = async (operation: string, body: string): Promise<unknown> => {
    const { headers } = aws4.sign(
      {
        service: service.name,
        region,
        host: url.host,
        method: 'POST',
        path: '/',
        headers: {
          'X-Amz-Target': `${service.target}.${operation}`,
          'Content-Type': `application/x-amz-json-${service.version}`,
          'X-Amz-Date': new Date(Date.now() + skewMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
          ...(userAgent && { 'User-Agent': userAgent }),
        },
        body,
      },
      await (typeof credentials === 'function' ? credentials() : credentials),
    );
    return read(await overKeptSockets(() => post(headers, body), true));
  };
  return async (operation, input) => {
    const body = JSON.stringify(input);
    for (let attempt = 1; ; attempt++)
      try {
        return await once(operation, body);
      } catch (error) {
        const skewed = error instanceof AwsError && SKEW.has(error.name) ? error.date : undefined;
        if (skewed !== undefined) skewMs = skewed - Date.now();
        const most = skewed === undefined ? waitAfter(error) : 0;
        if (attempt >= maxAttempts || most === undefined) throw error;
        await pause(Math.random() * most);
      }
  };
}

function endpointOf({ name, endpointVariable }: JsonService, region: string): string {
  const given = process.env[endpointVariable] || process.env['AWS_ENDPOINT_URL'];
  return given || `https://${name}.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}

/** Read at each call: a runtime may renew them in the life of a process. */
function functionCredentials(): AwsCredentials {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('no credentials; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda does');
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Posts over kept sockets of its own. A time-out that fires late checks first whether the answer has arrived. */
function poster(url: URL, { connectionTimeout, requestTimeout }: SocketLimits) {
  const keep = { keepAlive: true, maxSockets: 50, timeout: IDLE_MS };
  const [agent, send] =
    url.protocol === 'http:' ? [new HttpAgent(keep), httpRequest] : [new HttpsAgent(keep), httpsRequest];
  return (headers: RequestOptions['headers'], body: string) =>
    new Promise<Answer>((resolve, reject) => {
      const request = send(url, { method: 'POST', agent, headers });
      let answered = false;
      const limit = (ms: number, isOver: () => boolean) =>
        setTimeout(() => afterArrivals().then(() => isOver() && request.destroy(timeoutError(ms))), ms);
      const whole = limit(requestTimeout, () => !answered);
      request.once('socket', (socket: Socket) => {
        if (!socket.connecting) return;
        const connecting = limit(connectionTimeout, () => socket.connecting);
        socket.once('connect', () => clearTimeout(connecting));
        request.once('close', () => clearTimeout(connecting));
      });
      request.once('error', reject).once('close', () => clearTimeout(whole));
      request.once('response', (response) => {
        answered = true;
        clearTimeout(whole);
        endIfSilent(response, requestTimeout);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text: Buffer.concat(chunks).toString() });
        });
      });
      request.end(body);
    });
}

function read({ status, headers, text }: Answer): unknown {
  if (status === 200) return JSON.parse(text);
  const { __type, message, Message } = fieldsOf(text);
  const name = String(__type ?? headers['x-amzn-errortype'] ?? `Http${status}`);
  const date = Date.parse(headers.date ?? '');
  // `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, with a URL after a colon at some services.
  throw new AwsError(
    name.replace(/^.*#|:.*$/g, ''),
    String(message ?? Message ?? ''),
    status,
    Number.isNaN(date) ? undefined : date,
  );
}

/** The fields of an error; a proxy in between may answer with a page. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Errors by which the service says that our clock is wrong; the SDK corrects it in the same way. */
const SKEW: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'AuthFailure',
]);

const THROTTLED = /Throttl|ThroughputExceeded|LimitExceeded|TooManyRequests|SlowDown/;

/** Longest wait before the next try, in milliseconds, as in the SDK; undefined for an error that would repeat itself. */
function waitAfter(error: unknown): number | undefined {
  if (!(error instanceof AwsError)) return (error as { code?: unknown }).code === undefined ? undefined : 100;
  if (THROTTLED.test(error.name) || error.$metadata.httpStatusCode === 429) return 500;
  return error.$metadata.httpStatusCode >= 500 ? 100 : undefined;
}
