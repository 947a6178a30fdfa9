import { expect, test } from 'vitest';
import type { ProviderType } from '../../../lambda/contract/providers.ts';
import { definitions, loadProvider } from '../../../lambda/providers/registry.ts';

test.each(Object.keys(definitions) as ProviderType[])(
  '%s is listed under its own name and can be loaded',
  async (type) => {
    expect(definitions[type].type).toBe(type);
    expect(await loadProvider(type)).toHaveProperty('create', expect.any(Function));
  },
);
