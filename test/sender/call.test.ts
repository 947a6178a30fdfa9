import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { AUTHENTICATION, type Outcome } from '../../lambda/mail/outcome.ts';
import type { Secret } from '../../lambda/platform/secrets.ts';
import type { Attempt, Provider } from '../../lambda/providers/provider.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import { providerCaller } from '../../lambda/sender/call.ts';

const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const badKey: Outcome = { kind: 'unavailable', blames: 'account', reason: AUTHENTICATION };

describe('calling a provider', () => {
  it('reads the secret again after an authentication error and sends with the new one', async () => {
    const world = givenCaller({
      secrets: [{ serverToken: 'old' }, { serverToken: 'new' }],
      answer: (secret) => (secret['serverToken'] === 'new' ? accepted : badKey),
    });

    expect((await world.call(postmark)).outcome).toEqual(accepted);
    expect(world.created).toEqual(['old', 'new']);
    expect(world.reads).toEqual(['mailover/postmark', 'mailover/postmark fresh']);
  });

  it('believes the refusal when the secret has not changed', async () => {
    const world = givenCaller({ secrets: [{ serverToken: 'old' }, { serverToken: 'old' }], answer: () => badKey });

    expect((await world.call(postmark)).outcome).toEqual(badKey);
    expect(world.sends).toBe(1);
  });

  it('blames the account when the secret cannot be read', async () => {
    const world = givenCaller({ secrets: [], answer: () => accepted });

    expect((await world.call(postmark)).outcome).toMatchObject({ kind: 'unavailable', reason: 'secret-unreadable' });
  });

  it('keeps a provider between calls and reads no secret where none is needed', async () => {
    const world = givenCaller({ secrets: [], answer: () => accepted });

    await world.call(ses);
    await world.call(ses);

    expect(world.created).toEqual(['']);
    expect(world.reads).toEqual([]);
  });

  it('blames the account when a provider cannot be set up, and tries again with the next mail', async () => {
    const world = givenCaller({
      secrets: [{ serverToken: 'broken' }, { serverToken: 'good' }],
      answer: () => accepted,
    });

    expect((await world.call(postmark)).outcome).toMatchObject({ kind: 'unavailable', reason: 'not-usable' });
    expect((await world.call(postmark)).outcome).toEqual(accepted);
  });

  it('takes a defect in the code of one provider for an unknown answer', async () => {
    const world = givenCaller({
      secrets: [],
      answer: () => {
        throw new TypeError('secret text');
      },
    });

    expect((await world.call(ses)).outcome).toEqual({ kind: 'unknown', reason: 'crashed', detail: 'TypeError' });
  });
});

function givenCaller({ secrets, answer }: { secrets: Secret[]; answer: (secret: Secret) => Outcome }) {
  const world = { created: [] as string[], reads: [] as string[], sends: 0 };
  const attempt = { deadlineMs: 10_000, connectMs: 3_000 } as Attempt;
  const call = providerCaller(
    {
      definitions,
      loadProvider: () =>
        Promise.resolve({
          create: ({ secret }): Provider => {
            if (secret['serverToken'] === 'broken') throw new TypeError('trim');
            world.created.push(secret['serverToken'] ?? '');
            return {
              send: async () => {
                world.sends += 1;
                return { outcome: answer(secret) };
              },
            };
          },
        }),
    },
    {
      read: (name, fresh) => {
        world.reads.push(fresh ? `${name} fresh` : name);
        const secret = secrets.shift();
        return secret ? Promise.resolve(secret) : Promise.reject(new Error('no secret'));
      },
    },
    {},
    { info: () => undefined, warn: () => undefined, error: () => undefined },
  );
  return Object.assign(world, { call: (provider: ProviderConfig) => call(provider, attempt) });
}
