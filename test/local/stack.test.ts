import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isFree } from '../../local/network/ports.ts';
import type { AcceptedEntry } from '../../local/simulators/accepted-log.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { answerTo, firstLineTo } from '../support/answer-to.ts';
import { localAws } from '../support/open-stack.ts';

const TIMEOUT = 60_000;

let stack: Stack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await startStack({ port: 0, timeScale: 60 });
  sqs = new SQSClient(localAws(stack.info.endpoints.aws));
}, TIMEOUT);

afterAll(async () => {
  sqs.destroy();
  await stack.close();
  expect(stack.info.processes).toEqual([]);
  await expect(fetch(stack.url)).rejects.toThrow();
}, TIMEOUT);

const api = (method: string, path: string, body?: unknown) =>
  fetch(`${stack.url}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });

afterEach(async () => {
  await api('DELETE', '/api/providers/postmark/fault');
  await api('DELETE', '/api/aws/fault');
});

const submit = (id: string, more: object = {}) =>
  sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.info.queues.outbound,
      MessageBody: JSON.stringify({
        version: 1,
        id,
        from: 'shop@example.com',
        to: ['ada@example.org'],
        subject: 'Hello \u{1F600}',
        text: 'Hello',
        providers: { only: ['postmark', 'mailgun'] },
        ...more,
      }),
    }),
  );

const accepted = async (id: string): Promise<AcceptedEntry[]> =>
  (await (await api('GET', `/api/accepted?id=${id}&raw=false`)).json()) as AcceptedEntry[];

const takers = async (id: string) => (await accepted(id)).map(({ provider }) => provider);

describe('the stack', () => {
  it('sends what is put on the outbound queue', { timeout: TIMEOUT }, async () => {
    expect(stack.info).toMatchObject({
      ready: true,
      processes: expect.arrayContaining([{ function: 'sender', pid: expect.any(Number) }]),
    });
    await submit('plain-1');
    await expect.poll(() => takers('plain-1'), { timeout: 10_000 }).toEqual(['postmark']);
  });

  it('fails over while a provider has a fault, and counts the hit', { timeout: TIMEOUT }, async () => {
    const put = await api('PUT', '/api/providers/postmark/fault', { respond: { status: 503 } });
    expect(put.status).toBe(200);
    await submit('failover-1');
    await expect.poll(() => takers('failover-1'), { timeout: 10_000 }).toEqual(['mailgun']);
    expect(await (await api('GET', '/api/providers/postmark/fault')).json()).toEqual({
      respond: { status: 503 },
      hits: 1,
    });
    // The worker writes the second outcome only after the provider has answered. Therefore the test polls for this outcome.
    await expect
      .poll(async () => (await api('GET', '/api/submissions/failover-1')).json())
      .toMatchObject({
        state: 'accepted',
        recipients: ['ada@example.org'],
        attempts: [
          { provider: 'postmark', outcome: 'unavailable' },
          { provider: 'mailgun', outcome: 'accepted' },
        ],
      });
  });

  it('shows why a provider was skipped, and why a submission is dead', { timeout: TIMEOUT }, async () => {
    const submission = async (id: string) => (await api('GET', `/api/submissions/${id}`)).json();
    // Postmark cannot send a calendar invitation as an alternative to the text.
    const content = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
    await submit('invitation-1', { calendar: { method: 'REQUEST', content } });
    await submit('nonsense-1', { to: ['nonsense'] });

    await expect
      .poll(() => submission('invitation-1'), { timeout: 10_000 })
      .toMatchObject({
        state: 'accepted',
        attempts: [
          { provider: 'postmark', outcome: 'skipped', reason: expect.stringContaining('invitation') },
          { provider: 'mailgun', outcome: 'accepted' },
        ],
      });
    const dead = { state: 'dead', reason: 'Malformed', detail: expect.stringContaining('to[0]') };
    await expect.poll(() => submission('nonsense-1'), { timeout: 10_000 }).toMatchObject(dead);
    expect((await api('POST', '/api/submissions/nonsense-1/resend')).status).toBe(202);
    await expect.poll(() => submission('nonsense-1'), { timeout: 10_000 }).toMatchObject(dead);
  });

  it('goes on after the sender was killed', { timeout: TIMEOUT }, async () => {
    const [before] = stack.info.processes;
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await submit('killed-1');
    await expect.poll(() => takers('killed-1'), { timeout: 20_000 }).toEqual(['postmark']);
    expect(stack.info.processes[0]?.pid).not.toBe(before?.pid);
  });

  it('names a taken port', { timeout: TIMEOUT }, async () => {
    const port = Number(new URL(stack.url).port);
    await expect(startStack({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    expect(await isFree(port + 1)).toBe(false);
  });
});

interface Measured {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
  points: { at: string; sum: number; count: number; min: number; max: number }[];
}

describe('the metrics', () => {
  const measured = async (namespace: string, name: string, dimensions: Record<string, string>) => {
    const all = (await (await api('GET', '/api/metrics')).json()) as Measured[];
    const found = all.filter((one) => one.namespace === namespace && one.name === name);
    const wanted = Object.entries(dimensions);
    return found.find((one) => wanted.every(([key, value]) => one.dimensions[key] === value))?.points ?? [];
  };
  const sum = (points: Measured['points']) => points.reduce((total, point) => total + point.sum, 0);

  it('are those of the functions, of the queues and of the calls', { timeout: TIMEOUT }, async () => {
    const before = Date.now();
    await submit('measured-1');
    await expect.poll(() => takers('measured-1'), { timeout: 10_000 }).toEqual(['postmark']);

    // At this time scale a period of the metrics lasts one second. The API returns the start of a period in real time.
    const recent = ({ at }: { at: string }) => Date.parse(at) > before - 2_000 && Date.parse(at) < Date.now();
    const sent = async () =>
      sum((await measured('AWS/SQS', 'NumberOfMessagesSent', { QueueName: 'mailover-outbound' })).filter(recent));
    await expect.poll(sent, { timeout: 10_000 }).toBeGreaterThan(0);
    const called = async () =>
      sum((await measured('AWS/Lambda', 'Invocations', { FunctionName: 'mailover-sender-function' })).filter(recent));
    await expect.poll(called, { timeout: 10_000 }).toBeGreaterThan(0);
    const attempts = async () =>
      sum((await measured('Mailover', 'Attempts', { provider: 'postmark', outcome: 'accepted' })).filter(recent));
    await expect.poll(attempts, { timeout: 10_000 }).toBeGreaterThan(0);
  });

  it('continue at another time scale', { timeout: TIMEOUT }, async () => {
    const [before] = stack.info.processes;
    expect(await (await api('PUT', '/api/time', { scale: 120 })).json()).toMatchObject({ scale: 120 });
    await expect.poll(() => stack.info.processes[0]?.pid, { timeout: 10_000 }).not.toBe(before?.pid);
    await submit('faster-1');
    await expect.poll(() => takers('faster-1'), { timeout: 10_000 }).toEqual(['postmark']);

    expect((await api('PUT', '/api/time', { scale: 0 })).status).toBe(400);
    await api('PUT', '/api/time', { scale: 60 });
  });
});

describe('the API', () => {
  it('lists the known providers when asked for another', async () => {
    const response = await api('PUT', '/api/providers/unknown/fault', { network: 'refuse' });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: 'There is no provider "unknown". Known: postmark, mailgun, ses, own-mta.',
    });
  });

  it.each(['{', '{"network":"explode"}', '{"surprise":1}', ''])(
    'says what is wrong with the fault %j',
    async (body) => {
      const response = await fetch(`${stack.url}/api/aws/fault`, { method: 'PUT', body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: expect.stringMatching(/\.$/) });
    },
  );

  it('refuses pages of other origins and other host names, on every port', async () => {
    const { endpoints, providers } = stack.info;
    const urls = [stack.url, ...Object.values(endpoints), ...providers.map(({ url }) => url)];
    expect(urls).toHaveLength(8);
    for (const url of urls) {
      if (url.startsWith('smtp:')) {
        expect(await firstLineTo(url, 'POST / HTTP/1.1\r\nHost: evil.example\r\n\r\n')).not.toMatch(/^250/);
        continue;
      }
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
        for (const headers of [
          { host: 'rebound.example:4700' },
          { origin: 'https://evil.example' },
          { origin: 'null' },
          { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
        ]) {
          const answer = await answerTo(url, headers, method);
          expect(answer).toMatchObject({ status: 403 });
          expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
        }
      // Pages on the stack's own hosts may call its API, but no answer has CORS headers for other pages.
      const own = await answerTo(url, { origin: 'http://app.localhost:3000' }, 'OPTIONS');
      expect(own.body).not.toContain('MAILOVER_HOSTS');
      expect(own.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('counts the messages of the queues', async () => {
    const queues = (await (await api('GET', '/api/queues')).json()) as { name: string }[];
    expect(queues.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'mailover-outbound',
        'mailover-dead-letter',
        'mailover-events',
        'mailover-retry-own-mta',
      ]),
    );
  });

  it('serves the console under a policy that allows nothing from elsewhere', async () => {
    for (const path of ['/', '/app.js', '/app.css', '/icon.svg']) {
      const response = await fetch(stack.url + path);
      expect(response.status).toBe(200);
      const policy = response.headers.get('content-security-policy');
      expect(policy).toMatch(/^default-src 'none'/);
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(await response.text()).not.toMatch(/innerHTML|src=.?https?:/);
    }
  });

  it('gives the console the widgets of the template, with their values', async () => {
    const layout = (await (await api('GET', '/api/console/layout')).json()) as {
      widgets: { id: string; kind: string }[];
      deployedStage: string;
    };
    const graphs = (await (await api('GET', '/api/console/graphs?minutes=10')).json()) as {
      widgets: Record<string, unknown[][]>;
    };

    const drawn = layout.widgets.filter(({ kind }) => kind === 'graph');
    expect(drawn.length).toBeGreaterThan(0);
    expect(layout.deployedStage).toBe('sandbox');
    for (const { id } of drawn) expect(graphs.widgets[id]?.[0]).toHaveLength(11);
  });

  it('puts mail on the queue for the console, and says which provider accepted it', { timeout: TIMEOUT }, async () => {
    const { batch } = (await (await api('POST', '/api/console/mail', { count: 12 })).json()) as { batch: string };

    const state = async () =>
      (await (await api('GET', `/api/console/state?batch=${batch}`)).json()) as {
        accepted: { batch: Record<string, number>; recent: number };
      };
    const taken = async () => Object.values((await state()).accepted.batch).reduce((sum, mails) => sum + mails, 0);
    await expect.poll(taken, { timeout: 20_000 }).toBe(12);

    // `recent` counts the mails of five minutes of stack time. At this time scale five minutes last only seconds, and a busy
    // machine may need longer to send all mails.
    expect((await state()).accepted.recent).toBeGreaterThan(0);
    const mails = (await (await api('GET', `/api/console/mails/${batch}n-1`)).json()) as {
      place: number;
      headers: [string, string][];
    }[];
    expect(mails).toHaveLength(1);
    expect(mails[0]?.headers).toContainEqual(['Subject', 'Hello from the console']);
    const html = await api('GET', `/api/console/mail/${mails[0]?.place}/html`);
    expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*sandbox$/);
    expect((await api('POST', '/api/console/mail', { count: 5_000 })).status).toBe(400);
  });
});
