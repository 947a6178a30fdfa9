import { expect, it } from 'vitest';
import { synthesisedSender } from '../../../cli/explain/configuration.ts';

it('takes the configuration from the synthesised app', async () => {
  const { providers, stateTable } = await synthesisedSender();

  expect(providers.map(({ key }) => key)).toEqual(['postmark', 'mailgun', 'ses', 'own-mta']);
  expect(stateTable).toMatch(/^mailover-/);
}, 60_000);
