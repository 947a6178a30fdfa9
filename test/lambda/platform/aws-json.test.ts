import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AwsAccess, awsJson } from '../../../lambda/platform/aws-json.ts';
import { startServer } from '../../support/local-server.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const OK: Answer = { body: '{"done":true}' };
let answers: Answer[] = [];
let server: Awaited<ReturnType<typeof startServer>>;

beforeEach(async () => {
  server = await startServer((response) => {
    const { status = 200, headers = {}, body = '' } = answers.shift() ?? OK;
    response.writeHead(status, headers).end(body);
  });
  answers = [];
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'first');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await server.close();
});

const SERVICE = {
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  version: '1.0',
  endpointVariable: 'AWS_ENDPOINT_URL_DYNAMODB',
  limits: { connectionTimeout: 1_000, requestTimeout: 1_000 },
} as const;

const given = async (access: AwsAccess = {}) => awsJson(SERVICE, { endpoint: server.url, ...access });

/** Returns an error answer in the form in which AWS services write errors. */
const failed = (name: string, status = 400): Answer => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'the words' }),
});

describe('a call', () => {
  it('has operation, region, signature and session of the function, and returns the answer', async () => {
    const call = await given();

    expect(await call('GetItem', { Key: 1 })).toEqual({ done: true });

    expect(server.received[0]?.body.toString()).toBe('{"Key":1}');
    expect(server.received[0]?.headers).toMatchObject({
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=first\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=[^,]*host[^,]*x-amz-target[^,]*, Signature=[\da-f]{64}$/,
      ),
    });
  });

  it('uses credentials that were renewed since the last call', async () => {
    const call = await given();
    await call('GetItem', {});
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'second');
    await call('GetItem', {});

    expect(server.received.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1])).toEqual([
      'first',
      'second',
    ]);
  });

  it.each([
    ['an error of the server', failed('InternalServerError', 500)],
    ['throttling', failed('ProvisionedThroughputExceededException')],
    ['throttling of the account', failed('ThrottlingException')],
    ['too many requests', { status: 429 }],
    ['a page of a proxy', { status: 502, body: '<html>' }],
  ])('is repeated once after %s', async (_, answer) => {
    answers = [answer];
    expect(await (await given())('PutItem', {})).toEqual({ done: true });
    expect(server.received).toHaveLength(2);

    answers = [answer, answer];
    await expect((await given())('PutItem', {})).rejects.toThrow();
    expect(server.received).toHaveLength(4);
  });

  it.each(['ConditionalCheckFailedException', 'ValidationException', 'AccessDeniedException', 'ExpiredTokenException'])(
    'fails at once with the name that the service gave: %s',
    async (name) => {
      answers = [failed(name)];

      await expect((await given())('PutItem', {})).rejects.toMatchObject({
        name,
        message: 'the words',
        $metadata: { httpStatusCode: 400 },
      });
      expect(server.received).toHaveLength(1);
    },
  );

  it('is signed by the clock of the service after it has refused ours, and later calls too', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const later = new Date(Date.now() + 3_600_000);
    answers = [{ ...failed('InvalidSignatureException'), headers: { date: later.toUTCString() } }];
    const call = await given();

    await call('PutItem', {});
    await call('PutItem', {});

    const dates = server.received.map(({ headers }) => String(headers['x-amz-date']).slice(0, 11));
    const hour = (time: number) => new Date(time).toISOString().replace(/[-:]/g, '').slice(0, 11);
    expect(dates).toEqual([hour(Date.now()), hour(later.getTime()), hour(later.getTime())]);
  });

  it('says what is missing', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    await expect((await given())('PutItem', {})).rejects.toThrow('AWS_ACCESS_KEY_ID');
    vi.stubEnv('AWS_REGION', '');
    await expect(given()).rejects.toThrow('AWS_REGION');
  });
});
