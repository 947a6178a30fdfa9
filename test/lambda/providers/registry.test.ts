import { expect, test } from 'vitest';
import { PROVIDER_TYPES } from '../../../lambda/contract/providers.ts';
import { definitions, loadProvider } from '../../../lambda/providers/registry.ts';

test.each(PROVIDER_TYPES)('%s is listed under its own name and can be loaded', async (type) => {
  expect(definitions[type].type).toBe(type);
  expect(await loadProvider(type)).toHaveProperty('create', expect.any(Function));
});

test('the list contains nothing without a type', () => {
  expect(Object.keys(definitions).sort()).toEqual([...PROVIDER_TYPES].sort());
});
