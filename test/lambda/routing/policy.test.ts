import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../../lambda/contract/routes.ts';
import type { Submission } from '../../../lambda/contract/submission.ts';
import { choiceProblem, policyOf } from '../../../lambda/routing/policy.ts';

const codes: RouteConfig = {
  class: 'login-codes',
  providers: ['postmark', 'ses'],
  expiresAfterSeconds: 600,
  onUnknown: 'failover',
};
const routes: RouteConfig[] = [{ class: 'invoices', onUnknown: 'hold', tracking: { opens: true } }, codes];
const now = Date.parse('2026-11-25T12:00:00Z');
const mail: Submission = { version: 1, from: 'a@example.com', to: ['b@example.org'], text: 'x' };
const policy = (change: Partial<Submission>, ageMs = 0) => policyOf({ ...mail, ...change }, routes, { now, ageMs });

describe('policy', () => {
  it.each([
    ['without a class', {}],
    ['of a class without a route', { class: 'news' }],
    ['of a class that differs by a letter', { class: 'Login-codes' }],
  ])('is the default one for a submission %s', (_, change) => {
    expect(policy(change)).toStrictEqual({
      preference: { only: undefined, except: undefined, class: undefined, ...change },
      onUnknown: 'ask',
      tracking: { opens: false, clicks: false },
    });
  });

  it('is that of the route of its class, whose time counts from the first receive', () => {
    expect(policy({ class: 'login-codes' }, 240_000)).toEqual({
      preference: { only: ['postmark', 'ses'], class: 'login-codes' },
      onUnknown: 'failover',
      tracking: { opens: false, clicks: false },
      expiresInMs: 360_000,
    });
    expect(policy({ class: 'login-codes' }, 600_001).expiresInMs).toBe(-1);
  });

  it('takes from a route only what it sets', () => {
    expect(policy({ class: 'invoices' })).toEqual({
      preference: { class: 'invoices' },
      onUnknown: 'hold',
      tracking: { opens: true, clicks: false },
    });
  });

  it('lets the submission override each setting by itself', () => {
    const change = { class: 'login-codes', expiresAt: '2026-11-25T13:00:00+00:00' };

    expect(policy(change, 599_000)).toMatchObject({ expiresInMs: 3_600_000, onUnknown: 'failover' });
    expect(policy({ class: 'login-codes', onUnknown: 'ask' })).toMatchObject({
      onUnknown: 'ask',
      expiresInMs: 600_000,
    });
    expect(policy({ class: 'invoices', tracking: { opens: false, clicks: true } }).tracking).toEqual({
      opens: false,
      clicks: true,
    });
    expect(policy({ class: 'login-codes', providers: { only: ['mailgun'] } }).preference).toMatchObject({
      only: ['mailgun'],
    });
    expect(policy({ class: 'login-codes', providers: { except: ['ses'] } }).preference).toMatchObject({
      only: ['postmark', 'ses'],
      except: ['ses'],
    });
  });
});

describe('the providers that a submission names', () => {
  const providers: ProviderConfig[] = ['postmark', 'ses', 'mailgun'].map((key) => ({
    key,
    type: 'postmark',
    options: {},
  }));
  const strict = { class: 'payslips', providers: ['ses', 'postmark'], strict: true };
  const problem = (only: string[], name = 'payslips', except: string[] = []) =>
    choiceProblem({ ...mail, class: name, providers: { only, except } }, { providers, routes: [...routes, strict] });

  it.each([[['mailgun']], [['ses', 'mailgun']], [['mailgun', 'ses', 'postmark']], [['mailgun', 'mailgun']]])(
    'cannot leave a strict route: %j',
    (only) => {
      expect(problem(only)).toBe(
        'providers.only: names mailgun, but the route of this class is strict; it must be one of ses, postmark, or absent',
      );
    },
  );

  it('are free within a strict route, and where no route is strict', () => {
    for (const only of [['ses'], ['postmark', 'ses'], ['ses', 'ses']]) expect(problem(only)).toBeUndefined();
    expect(problem(['mailgun'], 'login-codes')).toBeUndefined();
    expect(problem(['mailgun'], 'Payslips')).toBeUndefined();
    expect(
      choiceProblem(
        { ...mail, class: 'payslips', providers: { except: ['ses'] } },
        { providers, routes: [{ ...strict, providers: ['ses'] }] },
      ),
    ).toBeUndefined();
  });

  it('must be configured, strict or not, in `only` and in `except`', () => {
    for (const found of [problem(['nobody']), problem(['ses'], 'payslips', ['nobody']), problem(['nobody'], 'x')])
      expect(found).toBe(
        'providers: a key of 6 characters that is not configured; it must be one of postmark, ses, mailgun',
      );
  });
});
