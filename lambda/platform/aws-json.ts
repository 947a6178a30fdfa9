import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import aws4 from 'aws4';
import { afterArrivals } from './arrivals.ts';
import { defined } from './defined.ts';
import { callOverKeepAlive, endIfSilent, type SocketLimits, timeoutError } from './keep-alive-calls.ts';
import { IDLE_MS } from './keep-alive-sockets.ts';

/** Description of an AWS service that has a JSON protocol, and the time limits for calls to this service. */
export interface JsonService {
  /** Name of the service in the host name and in request signatures. */
  readonly name: string;
  /** Text before the name of the operation in the header `X-Amz-Target`. */
  readonly target: string;
  /** Version of the JSON protocol, as it is written in the header Content-Type. */
  readonly version: '1.0' | '1.1';
  /** Name of an environment variable. If it is set, it contains the endpoint that is used instead of the public endpoint. */
  readonly endpointVariable: string;
  readonly limits: SocketLimits;
}

/** AWS access keys. Temporary access keys have a `sessionToken`. */
interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Settings for calls to an AWS service, such as the region and the credentials. */
export interface AwsAccess {
  /** @default - the environment variable `AWS_REGION` */
  readonly region?: string;
  /** @default - the environment variable of the service, else `AWS_ENDPOINT_URL`, else the public endpoint of the region */
  readonly endpoint?: string;
  /** @default - the credentials from the environment variables that Lambda sets for the IAM role of the function */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials> | AwsCredentials);
  /**
   * Largest number of attempts for one call.
   * @default 2
   */
  readonly maxAttempts?: number;
  /** Value of the header `User-Agent`. @default - no such header */
  readonly userAgent?: string;
}

/**
 * Calls an operation of an AWS service. Throws an {@link AwsError} if the service answers with an error, and an error with Node's
 * field `code` if the connection fails or a time-out ends the call.
 */
export type JsonCall = (operation: string, input: object) => Promise<unknown>;

/**
 * Error that an AWS service returned in its answer. `name` is the name of the error in the answer, such as `ThrottlingException`;
 * if the answer has no such name, it is `Http` and the HTTP status, such as `Http502`.
 */
class AwsError extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  /** Time from the header Date of the answer, in epoch milliseconds; undefined if the answer has no such header. */
  readonly date: number | undefined;

  constructor(name: string, message: string, status: number, date: number | undefined) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.date = date;
  }
}

/**
 * Creates a function that calls one AWS service. Requests are JSON, are signed by the library aws4, and use keep-alive
 * connections. The client of the AWS SDK is not used: it spends two thirds of the CPU time of its calls, and most CPU time of its
 * cold start, on decisions whose result is always the same in Mailover.
 *
 * @throws Error if neither `access.region` nor the environment variable `AWS_REGION` is set
 */
export function awsJson(service: JsonService, access: AwsAccess = {}): JsonCall {
  const { maxAttempts = 2, credentials = functionCredentials, userAgent } = access;
  const region = access.region ?? process.env['AWS_REGION'];
  if (!region) throw new Error('no region; set AWS_REGION');
  const url = new URL(access.endpoint ?? endpointOf(service, region));
  const post = poster(url, service.limits);
  /**
   * Time of the service's clock minus the time of the local clock, in milliseconds. It is 0 until the service answers with an
   * error of {@link SKEW}.
   */
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
          ...defined({ 'User-Agent': userAgent || undefined }),
        },
        body,
      },
      await (typeof credentials === 'function' ? credentials() : credentials),
    );
    return read(await callOverKeepAlive(() => post(headers, body), true));
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

/**
 * Returns the credentials of the Lambda function. The environment variables are read at each call, since the Lambda runtime may
 * renew the credentials while a process runs.
 *
 * @throws Error if an environment variable of the credentials is missing
 */
function functionCredentials(): AwsCredentials {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('no credentials; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda does');
  return { accessKeyId, secretAccessKey, ...defined({ sessionToken: sessionToken || undefined }) };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Creates a function that sends POST requests over its own keep-alive connections. The timer of a time-out can fire too late.
 * Therefore the data that has already arrived is read before the time-out ends a request.
 */
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
  // An answer contains the error name with a prefix, such as `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`.
  // Some services append `:` and a URL to the name.
  throw new AwsError(
    name.replace(/^.*#|:.*$/g, ''),
    String(message ?? Message ?? ''),
    status,
    Number.isNaN(date) ? undefined : date,
  );
}

/**
 * Returns the fields of an answer that reports an error. Returns an empty object if the answer is not JSON, such as an HTML page
 * of a proxy.
 */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * Names of errors after which the time of the service is used for signatures, since the local clock may be wrong. The AWS SDK
 * also uses the time of the service after these errors.
 */
const SKEW: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'AuthFailure',
]);

const THROTTLED = /Throttl|ThroughputExceeded|LimitExceeded|TooManyRequests|SlowDown/;

/**
 * Returns the longest pause before the next attempt, in milliseconds; the values are those of the AWS SDK. Returns undefined if a
 * retry would fail with the same error.
 */
function waitAfter(error: unknown): number | undefined {
  if (!(error instanceof AwsError)) return (error as { code?: unknown }).code === undefined ? undefined : 100;
  if (THROTTLED.test(error.name) || error.$metadata.httpStatusCode === 429) return 500;
  return error.$metadata.httpStatusCode >= 500 ? 100 : undefined;
}
