import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

// Attempts at a hanging provider end at their deadline of ten seconds, at any time scale.
const DEADLINE_MS = 10_000;
const QUICK_MS = 2_000;
let stack: RunningStack;
let mails = 0;

afterEach(() => stack.close());

it('DELETE /api/circuits returns quickly while all workers wait for a provider, and their attempts have no later effect', {
  timeout: 120_000,
}, async () => {
  stack = await givenStack(1);
  await stack.accepted(await send(1));
  await stack.breakProvider('postmark', { network: 'hang' });
  await send(200);
  await stack.until(async () => (await hits()) > 0);
  // Two workers have no answer, so one of them will open the circuit.
  await wait(DEADLINE_MS / 2);
  await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

  const begun = Date.now();
  expect((await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' })).status).toBe(204);
  expect(Date.now() - begun).toBeLessThan(QUICK_MS);

  const [first] = await stack.accepted(await send(1));
  expect(first?.provider).toBe('postmark');
  // The earlier attempts have ended by now, without an answer.
  await wait(DEADLINE_MS);
  expect(await states()).toEqual(['closed']);
  expect((await stack.accepted(await send(5))).every(({ provider }) => provider === 'postmark')).toBe(true);
});

it('every worker clears a refused account and an open circuit at once', { timeout: 120_000 }, async () => {
  stack = await givenStack(1);
  await stack.accepted(await send(5));
  await stack.breakProvider('postmark', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"No."}' } });
  const ids = await send(50);
  await stack.accepted(ids);
  expect((await states()).join()).toContain('"open"');
  await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

  await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' });

  const accepted = await stack.accepted(await send(20));
  // One worker probes with one mail; mails that wait for its answer may go to the next provider.
  expect(accepted.some(({ provider }) => provider === 'postmark')).toBe(true);
  expect(await states()).toEqual(['closed']);
});

/** State of Postmark's circuit; if it is not closed, with its details. */
async function states(): Promise<string[]> {
  const circuits = (await (await fetch(`${stack.url}/api/circuits`)).json()) as { provider: string; state: string }[];
  return circuits.flatMap((one) =>
    one.provider === 'postmark' ? (one.state === 'closed' ? one.state : JSON.stringify(one)) : [],
  );
}

async function hits(): Promise<number> {
  return ((await (await fetch(`${stack.url}/api/providers/postmark/fault`)).json()) as { hits: number }).hits;
}

async function send(count: number): Promise<string[]> {
  const sqs = new SQSClient({
    endpoint: stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const ids = Array.from({ length: count }, () => {
    mails += 1;
    return `forget-${mails}`;
  });
  for (let start = 0; start < count; start += 10) {
    const Entries = ids.slice(start, start + 10).map((id, place) => ({
      Id: String(place),
      MessageBody: JSON.stringify({
        version: 1,
        id,
        from: 'a@example.com',
        to: ['b@example.org'],
        text: 'hello',
        providers: { only: ['postmark', 'mailgun'] },
      }),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.info.queues.outbound, Entries }));
  }
  sqs.destroy();
  return ids;
}
