import { request as httpRequest } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterEach, expect, test } from 'vitest';
import { type HttpApiOptions, startHttpApi } from '../../../local/http-api/server.ts';
import { FunctionThrottled } from '../../../local/lambda/running-functions.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import type { DeployedApi } from '../../../local/template/apis.ts';

const API: DeployedApi = {
  id: 'mailover-inbound-api',
  stage: '$default',
  routes: [{ key: 'POST /inbound/{key}/{secret+}', functionName: 'inbound', timeoutMs: 300 }],
};
const PATH = '/inbound/mailgun/secret';

let server: Awaited<ReturnType<typeof startHttpApi>> | undefined;
afterEach(async () => {
  await server?.close();
});

test('passes a form in base64 and JSON as text, with the facts of the request', async () => {
  const events = await givenApi(() => ({ statusCode: 200 }));

  await post('a=1&b=%F0%9F%98%80', { 'content-type': 'application/x-www-form-urlencoded' }, `${PATH}?x=1&x=2`);
  await post('{"a":"ü"}', { 'content-type': 'application/json; charset=utf-8' });

  expect(events[0]).toMatchObject({
    version: '2.0',
    routeKey: 'POST /inbound/{key}/{secret+}',
    rawPath: PATH,
    rawQueryString: 'x=1&x=2',
    queryStringParameters: { x: '1,2' },
    pathParameters: { key: 'mailgun', secret: 'secret' },
    isBase64Encoded: true,
    body: Buffer.from('a=1&b=%F0%9F%98%80').toString('base64'),
    requestContext: {
      apiId: API.id,
      stage: '$default',
      http: { method: 'POST', path: PATH, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
    },
  });
  expect(events[0]?.requestContext.time).toMatch(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(events[1]).toMatchObject({ isBase64Encoded: false, body: '{"a":"ü"}' });
});

test('joins repeated headers with a comma, separates cookies, and puts the real address behind a claimed one', async () => {
  const events = await givenApi(() => ({ statusCode: 200 }));

  await raw(['X-Twice', 'one', 'x-twice', 'two', 'Cookie', 'a=1; b=2', 'X-Forwarded-For', '203.0.113.9'], 'x');

  const [event] = events;
  expect(event?.headers).toMatchObject({ 'x-twice': 'one,two', 'x-forwarded-for': '203.0.113.9, 127.0.0.1' });
  expect(event?.headers).not.toHaveProperty('cookie');
  expect(event?.cookies).toEqual(['a=1', 'b=2']);
  expect(event?.isBase64Encoded).toBe(true);
});

test('reads the fields of an answer, decodes base64, and makes JSON of anything without a status', async () => {
  const answers: unknown[] = [
    { statusCode: 201, headers: { 'X-A': 'b', 'Content-Type': 'text/html' }, body: 'aGk=', isBase64Encoded: true },
    { hello: 'there' },
    { statusCode: 200, body: { not: 'a string' } },
  ];
  await givenApi(() => answers.shift());

  const first = await post('x');
  const second = await post('x');
  const third = await post('x');

  expect([first.status, first.headers.get('x-a'), first.headers.get('content-type'), await first.text()]).toEqual([
    201,
    'b',
    'text/html',
    'hi',
  ]);
  expect([second.status, await second.json()]).toEqual([200, { hello: 'there' }]);
  expect(third.status).toBe(500);
});

test('answers 404 for a path or a method without a route, and 500 when the function fails', async () => {
  await givenApi(() => {
    throw new Error('broken');
  });

  const unknown = await post('x', {}, '/nowhere');
  const get = await fetch(new URL(PATH, server?.url));
  const failed = await post('x');

  expect([unknown.status, await unknown.text()]).toEqual([404, '{"message":"Not Found"}']);
  expect(get.status).toBe(404);
  expect([failed.status, await failed.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
});

test('answers 503 when the function takes longer than the integration waits', async () => {
  await givenApi(() => new Promise(() => {}));

  const answer = await post('x');

  expect([answer.status, await answer.text()]).toEqual([503, '{"message":"Service Unavailable"}']);
});

test('answers 413 above 10 MB, and above 6 MB of event, which base64 and escapes reach sooner', async () => {
  const events = await givenApi(() => ({ statusCode: 200 }));
  const json = { 'content-type': 'application/json' };
  const mb = 1024 * 1024;

  expect((await post(Buffer.alloc(10 * mb + 1, 'a'), json)).status).toBe(413);
  expect((await post(Buffer.alloc(6 * mb, 'a'), json)).status).toBe(413);
  expect((await post(Buffer.alloc(5.9 * mb, 'a'), json)).status).toBe(200);
  expect((await post(Buffer.alloc(4.6 * mb, 'a'))).status).toBe(413);
  expect((await post(Buffer.alloc(4.4 * mb, 'a'))).status).toBe(200);
  expect((await post(Buffer.alloc(3.5 * mb, '"'), json)).status).toBe(413);
  expect(events).toHaveLength(2);
});

test('refuses headers above 10,240 bytes', async () => {
  await givenApi(() => ({ statusCode: 200 }));

  expect((await post('x', { 'x-long': 'a'.repeat(11_000) })).status).toBe(431);
});

test('answers 429 above the rate of a route, by the clock of the stack, and the other routes as before', async () => {
  let now = 0;
  const route = (name: string, rate: number, burst: number) => ({
    key: `POST /${name}/{key}/{path}`,
    functionName: name,
    timeoutMs: 5_000,
    throttle: { rate, burst },
  });
  const routes = [route('events', 10, 20), route('inbound', 1, 1)];
  const events = await givenApi(() => ({ statusCode: 200 }), { ...API, routes }, { now: () => now });
  const flood = () => Promise.all(Array.from({ length: 100 }, () => post('{}', {}, '/events/postmark/secret')));
  const admitted = (answers: readonly Response[]) => answers.filter(({ status }) => status === 200).length;

  const first = await flood();
  const again = await flood();
  now = 500;
  const later = await flood();
  now = 3_600_000;
  const afterAnHour = await flood();

  expect([first, again, later, afterAnHour].map(admitted)).toEqual([20, 0, 5, 20]);
  expect(events).toHaveLength(45);
  const refused = again[0];
  expect([refused?.status, refused?.headers.get('content-type'), await refused?.text()]).toEqual([
    429,
    'application/json',
    '{"message":"Too Many Requests"}',
  ]);
  expect((await post('{}', {}, '/inbound/postmark/secret')).status).toBe(200);
  expect((await post('{}', {}, '/inbound/postmark/secret')).status).toBe(429);
});

test('answers 503 when Lambda has no concurrency left for the function', async () => {
  await givenApi(() => {
    throw new FunctionThrottled();
  });

  const answer = await post('x');

  expect([answer.status, await answer.text()]).toEqual([503, '{"message":"Service Unavailable"}']);
});

test('writes a line of the access log for each request to a route', async () => {
  const lines: string[] = [];
  const answers: (() => unknown)[] = [
    () => ({ statusCode: 401, body: 'no' }),
    () => {
      throw new FunctionThrottled();
    },
  ];
  const format = '{"route":"$context.routeKey","status":"$context.status","integration":"$context.integrationStatus"}';
  const accessLog = { logGroup: 'access', format };
  const [route = { key: '', functionName: '', timeoutMs: 0 }] = API.routes;
  const api = { ...API, accessLog, routes: [{ ...route, throttle: { rate: 1, burst: 3 } }] };
  const onAccess = (logGroup: string, line: string) => lines.push(`${logGroup} ${line}`);
  await givenApi(() => answers.shift()?.(), api, { onAccess });

  await post('x');
  await post('x');
  await post(Buffer.alloc(7 * 1024 * 1024));
  await post('x');
  await post('x', {}, '/nowhere');

  const line = (status: number, integration: number | '-') =>
    `access {"route":"${route.key}","status":"${status}","integration":"${integration}"}`;
  expect(lines).toEqual([line(401, 200), line(503, 429), line(413, 413), line(429, '-')]);
});

test('separates the paths of a named stage', async () => {
  const events = await givenApi(() => ({ statusCode: 200 }), { ...API, stage: 'live' });

  expect((await post('x')).status).toBe(404);
  expect((await post('x', {}, `/live${PATH}`)).status).toBe(200);
  expect(events[0]?.rawPath).toBe(`/live${PATH}`);
});

async function givenApi(
  handle: () => unknown,
  api: DeployedApi = API,
  options: Partial<HttpApiOptions> = {},
): Promise<APIGatewayProxyEventV2[]> {
  const events: APIGatewayProxyEventV2[] = [];
  server = await startHttpApi({
    port: 0,
    own: ownHosts(),
    apis: () => [api],
    invoke: async (_name, event) => {
      events.push(event as APIGatewayProxyEventV2);
      return handle();
    },
    now: () => 0,
    ...options,
  });
  return events;
}

function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = PATH) {
  return fetch(new URL(path, server?.url), { method: 'POST', body, headers });
}

/** Sends a request with exactly these header lines. Returns the status of the answer. */
function raw(headers: string[], body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(server?.url ?? '');
    const lines = ['Host', host, 'Content-Length', String(body.length), ...headers];
    const call = httpRequest(new URL(PATH, server?.url), { method: 'POST', headers: lines }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end(body);
  });
}
