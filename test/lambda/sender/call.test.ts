import { describe, expect, it, vi } from 'vitest';
import { afterPreparing } from '../../../lambda/circuit/admission.ts';
import { providerHealth } from '../../../lambda/circuit/provider-health.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { type AttemptResult, AUTHENTICATION, type Outcome } from '../../../lambda/mail/outcome.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { type Secret, UnusableSecret } from '../../../lambda/platform/secrets.ts';
import { providerPool } from '../../../lambda/providers/pool.ts';
import type { Attempt, LookupAnswer, Provider, Question } from '../../../lambda/providers/provider.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { providerCaller, providerLookUp } from '../../../lambda/sender/call.ts';
import { openGate } from '../../support/open-gate.ts';
import { message } from '../providers/postmark/attempt.ts';

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

    expect(await world.outcome(postmark)).toEqual(accepted);
    expect(world.created).toEqual(['old', 'new']);
    expect(world.reads).toEqual(['Mailover/postmark', 'Mailover/postmark fresh']);
  });

  it('accepts the refusal when the secret has not changed', async () => {
    const world = givenCaller({ secrets: [{ serverToken: 'old' }, { serverToken: 'old' }], answer: () => badKey });

    expect(await world.outcome(postmark)).toEqual(badKey);
    expect(world.sends).toBe(1);
  });

  it.each(['missing', 'forbidden', 'malformed'] as const)(
    'blames the account when the secret is %s',
    async (reason) => {
      const world = givenCaller({ secrets: [new UnusableSecret(reason)], answer: () => accepted });

      expect(await world.call(postmark)).toEqual({
        outcome: { kind: 'unavailable', blames: 'account', reason: 'secret-unreadable', detail: reason },
      });
    },
  );

  it('blames no account if Secrets Manager does not answer, or if the code of the provider cannot be loaded', async () => {
    const world = givenCaller({ secrets: [], answer: () => accepted });
    expect(await world.call(postmark)).toEqual({ notCalled: 'secrets-unreachable' });
    expect(await world.gate.enter(postmark, { id: 'x', queueKind: 'fresh' })).toMatchObject({ reason: 'unready' });

    const broken = givenCaller({ secrets: [], loads: false });
    expect(await broken.call(ses)).toEqual({ notCalled: 'not-loaded' });
    expect(await broken.gate.enter(ses, { id: 'x', queueKind: 'fresh' })).toMatchObject({
      kind: 'skip',
      reason: 'unready',
    });
  });

  it.each([
    ['credentials-refused', ['CredentialsRefused']],
    ['clock-skew', ['CredentialsRefused']],
    ['local-limit', []],
  ] as const)(
    'blames no provider for %s of this process, logs the fault, and does not call the provider for a moment',
    async (reason, counted) => {
      vi.useFakeTimers();
      const detail = 'the canonical string should have been x-amz-security-token:planted';
      const answer = (): Outcome => ({ kind: 'unavailable', blames: 'worker', reason, detail });
      const world = givenCaller({ secrets: [], answer });
      const enter = () => world.gate.enter(ses, { id: 'x', queueKind: 'fresh' });

      expect(await world.call(ses)).toEqual({ notCalled: reason });
      expect(await enter()).toMatchObject({ kind: 'skip', reason: 'unready' });
      expect(world.counted).toEqual(counted);
      expect(world.logged).toEqual([['provider not called', { provider: 'ses', reason }]]);

      vi.advanceTimersByTime(2_000);
      expect(await enter()).toMatchObject({ kind: 'go' });
      vi.useRealTimers();
    },
  );

  it('keeps the acceptance if a fault of this process affected only some recipients', async () => {
    const fault: Outcome = { kind: 'unavailable', blames: 'worker', reason: 'credentials-refused' };
    const recipients = new Map([['bob@example.org', fault]]);
    const world = givenCaller({ secrets: [], answer: () => accepted, recipients });

    expect(await world.call(ses)).toEqual({ outcome: accepted, recipients });
    expect(providerHealth([accepted, fault])).toEqual({ kind: 'accepted' });
    expect(providerHealth([fault])).toEqual({ kind: 'unasked' });
  });

  it('keeps the number of values that were left out, and the groups that remain', async () => {
    const more = { dropped: 2, apart: [['bob@example.org']] };
    const world = givenCaller({ secrets: [], more });

    expect(await world.call(ses)).toEqual({ outcome: accepted, ...more });
  });

  it('creates a provider once for several calls, and reads no secret if the provider needs none', async () => {
    const world = givenCaller({ secrets: [], answer: () => accepted });

    await world.call(ses);
    await world.call(ses);

    expect(world.created).toEqual(['']);
    expect(world.reads).toEqual([]);
  });

  it('blames the account if a provider cannot be created, and creates the provider with the next message', async () => {
    const world = givenCaller({
      secrets: [{ serverToken: 'broken' }, { serverToken: 'good' }],
      answer: () => accepted,
    });

    expect(await world.outcome(postmark)).toMatchObject({ kind: 'unavailable', reason: 'not-usable' });
    expect(await world.outcome(postmark)).toEqual(accepted);
  });

  it('loads secret and code before the gate decides, and reports a bad secret only in the attempt', async () => {
    const passenger = { id: 'x', queueKind: 'fresh' } as const;
    const world = givenCaller({ secrets: [{ serverToken: 'good' }, { serverToken: 'good' }], answer: () => accepted });

    expect((await world.gate.enter(postmark, passenger)).kind).toBe('go');
    expect(world.created).toEqual(['good']);
    expect(await world.outcome(postmark)).toEqual(accepted);
    expect(world.created).toEqual(['good']);

    const without = givenCaller({ secrets: [new UnusableSecret('missing')], answer: () => accepted });
    expect((await without.gate.enter(postmark, passenger)).kind).toBe('go');
    expect(without.created).toEqual([]);
  });

  it('treats a defect in the code of a provider like a lost answer', async () => {
    const world = givenCaller({
      secrets: [],
      answer: () => {
        throw new TypeError('secret text');
      },
    });

    expect(await world.outcome(ses)).toEqual({ kind: 'unknown', reason: 'crashed', detail: 'TypeError' });
  });
});

describe('a look-up at a provider', () => {
  const found: LookupAnswer = { kind: 'answered', found: new Map([['ada@example.org', '1']]) };
  const wrongKey: LookupAnswer = { kind: 'cannot-say', reason: AUTHENTICATION };

  it('uses the same secret and provider object as sending', async () => {
    const world = givenCaller({ secrets: [{ serverToken: 'a' }, { serverToken: 'a' }], lookup: () => found });

    await world.call(postmark);

    expect(await world.lookUp(postmark)).toBe(found);
    expect(world.created).toEqual(['a']);
  });

  it('reads the secret again after an authentication error, and repeats the look-up with the new secret', async () => {
    const world = givenCaller({
      secrets: [{ serverToken: 'old' }, { serverToken: 'new' }],
      lookup: (secret) => (secret['serverToken'] === 'new' ? found : wrongKey),
    });

    expect(await world.lookUp(postmark)).toBe(found);
  });

  it('accepts the refusal when the secret has not changed', async () => {
    const world = givenCaller({ secrets: [{ serverToken: 'old' }, { serverToken: 'old' }], lookup: () => wrongKey });

    expect(await world.lookUp(postmark)).toEqual(wrongKey);
  });

  it('is repeated once if the connection was lost', async () => {
    const answers: LookupAnswer[] = [{ kind: 'cannot-say', reason: 'connection-lost' }, found];
    const lookup = () => answers.shift() as LookupAnswer;

    expect(await givenCaller({ secrets: [], lookup }).lookUp(ses)).toBe(found);
  });

  it('has no result for a type without look-ups, without a secret, or after a defect in the code of the type', async () => {
    expect(await givenCaller({ secrets: [] }).lookUp(ses)).toEqual({ kind: 'cannot-say', reason: 'not-askable' });
    expect(await givenCaller({ secrets: [] }).lookUp(postmark)).toMatchObject({ reason: 'secrets-unreachable' });
    expect(await givenCaller({ secrets: [new UnusableSecret('missing')] }).lookUp(postmark)).toMatchObject({
      reason: 'secret-unreadable',
    });
    const defect = () => {
      throw new TypeError('secret text');
    };
    expect(await givenCaller({ secrets: [], lookup: defect }).lookUp(ses)).toEqual({
      kind: 'cannot-say',
      reason: 'crashed',
      detail: 'TypeError',
    });
  });
});

interface Given {
  secrets: (Secret | UnusableSecret)[];
  loads?: boolean;
  answer?: (secret: Secret) => Outcome;
  recipients?: ReadonlyMap<string, Outcome>;
  more?: Pick<AttemptResult, 'dropped' | 'apart'>;
  lookup?: (secret: Secret) => LookupAnswer;
}

function givenCaller({ secrets, answer = () => accepted, recipients, more, lookup, loads = true }: Given) {
  const world = {
    created: [] as string[],
    reads: [] as string[],
    sends: 0,
    logged: [] as unknown[],
    counted: [] as string[],
  };
  const limits = { message, deadlineMs: 10_000, connectMs: 3_000 };
  const pool = providerPool(
    {
      definitions,
      loadProvider: async () => {
        if (!loads) throw new Error('no such chunk');
        return {
          create: ({ secret }): Provider => {
            if (secret['serverToken'] === 'broken') throw new TypeError('trim');
            world.created.push(secret['serverToken'] ?? '');
            return {
              send: async () => {
                world.sends += 1;
                return { outcome: answer(secret), ...defined({ recipients }), ...more };
              },
              ...(lookup && { lookup: async () => lookup(secret) }),
            };
          },
        };
      },
    },
    {
      read: (name, fresh) => {
        world.reads.push(fresh ? `${name} fresh` : name);
        const secret = secrets.shift();
        if (secret instanceof UnusableSecret) return Promise.reject(secret);
        return secret ? Promise.resolve(secret) : Promise.reject(new Error('no secret'));
      },
    },
    {},
    {
      name: 'Mailover',
      log: { info: () => undefined, warn: () => undefined, error: (text, fields) => world.logged.push([text, fields]) },
      metrics: { add: (name) => world.counted.push(name) },
    },
  );
  // The provider is a fake. Its code uses only the time limits of an attempt.
  return Object.assign(world, {
    call: (provider: ProviderConfig) => providerCaller(pool)(provider, limits as Attempt),
    outcome: async (provider: ProviderConfig) => {
      const result = await providerCaller(pool)(provider, limits as Attempt);
      return 'outcome' in result ? result.outcome : undefined;
    },
    gate: afterPreparing(pool.prepare, openGate),
    lookUp: (provider: ProviderConfig) => providerLookUp(pool)(provider, limits as unknown as Question),
  });
}
