import { expect, test } from 'vitest';
import { definitions, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';

test.each(Object.keys(definitions) as ProviderType[])(
  '%s is listed under its own name and can be loaded',
  async (type) => {
    expect(definitions[type].type).toBe(type);
    expect(await loadProvider(type)).toHaveProperty('create', expect.any(Function));
  },
);
