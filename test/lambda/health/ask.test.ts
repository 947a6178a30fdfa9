import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { healthAsker } from '../../../lambda/health/ask.ts';
import type { Use, Used } from '../../../lambda/providers/pool.ts';
import type { Health, HealthLimits, Provider } from '../../../lambda/providers/provider.ts';

const postmark: ProviderConfig = { key: 'pm', type: 'postmark', options: {} };

describe('a health check', () => {
  it('gives the provider its own limits, and no more than ten seconds', async () => {
    const seen: HealthLimits[] = [];
    const health = async (limits: HealthLimits): Promise<Health> => {
      seen.push(limits);
      return { state: 'healthy' };
    };

    await asker({ health })(postmark);
    await asker({ health })({ ...postmark, deadlineMs: 2_000, connectMs: 500 });
    await asker({ health })({ ...postmark, deadlineMs: 60_000 });

    expect(seen).toEqual([
      { deadlineMs: 10_000, connectMs: 3_000 },
      { deadlineMs: 2_000, connectMs: 500 },
      { deadlineMs: 10_000, connectMs: 3_000 },
    ]);
  });

  it('takes a missing secret for a refusal, and a short failure of Secrets Manager for none', async () => {
    const missing = { kind: 'unusable', reason: 'secret-unreadable', detail: 'missing' } as const;
    const down = { kind: 'unready', reason: 'secrets-unreachable', detail: 'TimeoutError' } as const;

    expect(await asker({}, missing)(postmark)).toMatchObject({ state: 'account-refused', reason: 'secret-unreadable' });
    expect(await asker({}, down)(postmark)).toMatchObject({ state: 'unreachable', reason: 'secrets-unreachable' });
  });

  it('takes unusable options for a refusal, and a defect of ours for none', async () => {
    const notUsable = { kind: 'unusable', reason: 'not-usable', detail: 'TypeError' } as const;

    expect(await asker({}, notUsable)(postmark)).toMatchObject({ state: 'account-refused', reason: 'not-usable' });
    expect(await asker({}, { kind: 'crashed', detail: 'TypeError' })(postmark)).toMatchObject({
      state: 'unreachable',
      reason: 'crashed',
    });
  });

  it('tries again when a connection was lost, and after no other failure', async () => {
    const answers = (...reasons: string[]) => {
      let asked = 0;
      const health = async (): Promise<Health> => {
        const reason = reasons[asked++];
        return reason === undefined ? { state: 'healthy' } : { state: 'unreachable', reason };
      };
      return { health, asked: () => asked };
    };
    const [lost, twice, hang] = [
      answers('connection-lost'),
      answers('connection-lost', 'connection-lost', 'never'),
      answers('no-answer'),
    ];

    expect(await asker(lost)(postmark)).toEqual({ state: 'healthy' });
    expect(await asker(twice)(postmark)).toMatchObject({ state: 'unreachable', reason: 'connection-lost' });
    expect(await asker(hang)(postmark)).toMatchObject({ state: 'unreachable', reason: 'no-answer' });
    expect([lost, twice, hang].map(({ asked }) => asked())).toEqual([2, 2, 1]);
  });

  it('has the secret read again only when the credentials were refused', async () => {
    const found: boolean[] = [];
    const ask = healthAsker({
      use: async <R>(_: ProviderConfig, { isAuthentication }: Use<R>) => {
        for (const reason of ['authentication', 'sandbox'])
          found.push(isAuthentication({ state: 'account-refused', reason } as R));
        return { kind: 'crashed', detail: '' };
      },
    });

    await ask(postmark);

    expect(found).toEqual([true, false]);
  });
});

function asker(provider: Pick<Provider, 'health'>, used?: Exclude<Used<never>, { kind: 'done' }>) {
  return healthAsker({
    use: async <R>(_: ProviderConfig, { call, deadlineMs }: Use<R>) =>
      used ?? {
        kind: 'done',
        result: await call({ send: () => Promise.reject(), ...provider }, deadlineMs),
        secret: {},
      },
  });
}
