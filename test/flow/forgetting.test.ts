import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

// Deadline of an attempt in real milliseconds, at any time scale. An attempt at a provider that never answers ends at this
// deadline.
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
  await stack.until(async () => (await stack.hits('postmark')) > 0);
  // At least two sender processes are now waiting for an answer of the provider. Their calls fail after the circuits are deleted
  // below; without that deletion, the failures would open the circuit.
  await wait(DEADLINE_MS / 2);
  await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

  const begun = Date.now();
  expect((await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' })).status).toBe(204);
  expect(Date.now() - begun).toBeLessThan(QUICK_MS);

  const [first] = await stack.accepted(await send(1));
  expect(first?.provider).toBe('postmark');
  // During this wait, the deadline of the earlier attempts passes, and they end without an answer.
  await wait(DEADLINE_MS);
  expect(await states()).toEqual(['closed']);
  expect((await stack.accepted(await send(5))).every(({ provider }) => provider === 'postmark')).toBe(true);
});

it('DELETE /api/circuits closes an open circuit, and the provider gets mail again', { timeout: 120_000 }, async () => {
  stack = await givenStack(1);
  await stack.accepted(await send(5));
  await stack.breakProvider('postmark', { respond: { status: 422, body: '{"ErrorCode":413,"Message":"No."}' } });
  const ids = await send(50);
  await stack.accepted(ids);
  expect((await states()).join()).toContain('"open"');
  await fetch(`${stack.url}/api/providers/postmark/fault`, { method: 'DELETE' });

  await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' });

  const accepted = await stack.accepted(await send(20));
  // One sender process probes the provider with one mail. Mails that would have to wait for the result of this probe may go to
  // the next provider.
  expect(accepted.some(({ provider }) => provider === 'postmark')).toBe(true);
  expect(await states()).toEqual(['closed']);
});

/** Returns the state of Postmark's circuit breaker. If the circuit is not closed, returns all its details as JSON. */
async function states(): Promise<string[]> {
  return (await stack.circuits()).flatMap((one) =>
    one.provider === 'postmark' ? (one.state === 'closed' ? one.state : JSON.stringify(one)) : [],
  );
}

async function send(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => {
    mails += 1;
    return `forget-${mails}`;
  });
  const providers = { only: ['postmark', 'mailgun'] };
  const mail = { version: 1, from: 'a@example.com', to: ['b@example.org'], text: 'hello', providers };
  await stack.send(ids.map((id) => ({ ...mail, id })));
  return ids;
}
