import { expect, test } from 'vitest';
import { deploy, PROVIDERS, resources } from '../deployment.ts';

test.each([
  [true, ['true']],
  [false, []],
])('the function is told whether a class overrides hard bounces: %s', (overrideHardBounces, told) => {
  const [postmark = PROVIDERS[0], ...others] = PROVIDERS;
  const { template } = deploy({
    providers: [{ ...postmark, events: true }, ...others] as typeof PROVIDERS,
    routes: [{ class: 'news' }, { class: 'password-reset', overrideHardBounces }],
  });

  const given = Object.values(resources(template, 'AWS::Lambda::Function')).flatMap(({ Properties }) => {
    const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
    return 'MAILOVER_OVERRIDES_HARD_BOUNCES' in Variables ? [Variables['MAILOVER_OVERRIDES_HARD_BOUNCES']] : [];
  });
  expect(given).toEqual(told);
});
