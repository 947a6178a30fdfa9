import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definitions, type ProviderList } from '../../lambda/providers/registry.ts';
import { deploy, resources } from './deployment.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');

/** Returns the cells in the row of a provider type in the table of secrets (docs/deploy.md). */
function rowOf(type: string): readonly string[] {
  const table = page.slice(page.indexOf('| type | `NAME/<key>`'));
  const row = table.split('\n').find((line) => line.startsWith(`| \`${type}\` |`)) ?? '';
  return row.split('|').slice(2, -1);
}

const fieldsIn = (cell: string | undefined) => (cell?.match(/`\w+`/g) ?? []).map((field) => field.slice(1, -1));

test.each(Object.values(definitions))('docs/deploy.md has every secret that $type needs', (definition) => {
  const { type, secretFields, inbound, events } = definition;
  const posted = events?.over === 'http' ? ['eventsPath', ...events.secretFields] : [];

  expect(rowOf(type).map(fieldsIn)).toEqual([[...secretFields], [...(inbound?.secretFields ?? [])], posted]);
});

test.each(Object.values(definitions))('docs/deploy.md says what $type does in the sandbox', ({ type, sandbox }) => {
  expect(page).toContain(`| \`${type}\` | ${sandbox} |`);
});

const PROVIDERS: ProviderList = [
  { key: 'a', type: 'postmark', options: {}, inbound: true, events: true },
  {
    key: 'b',
    type: 'mailgun',
    options: { domain: 'b.example.com' },
    inbound: { domains: ['b.example.com'] },
    events: true,
  },
  { key: 'c', type: 'sendgrid', options: {}, events: true },
  {
    key: 'd',
    type: 'ses',
    options: { identities: ['example.com'] },
    inbound: { recipients: ['d.example.com'] },
    events: true,
  },
  { key: 'e', type: 'smtp', options: { host: 'mta.example.com' }, events: true },
];
const { template } = deploy({ providers: PROVIDERS, events: { url: 'https://example.com/events' } });

test('docs/deploy.md has the name of every secret that a function reads and an operator makes', () => {
  expect(PROVIDERS.map(({ type }) => type).sort()).toEqual(Object.keys(definitions).sort());

  const policies = JSON.stringify(resources(template, 'AWS::IAM::Policy'));
  const read = [...policies.matchAll(/:secret:([\w/-]+)-\?{6}/g)].map(([, name]) => name);
  const onPage = PROVIDERS.flatMap(({ key, type }) => {
    const [sends = [], ...posted] = rowOf(type).map(fieldsIn);
    return [
      ...(sends.length > 0 ? [`Mailover/${key}`] : []),
      ...(posted.flat().length > 0 ? [`Mailover/${key}/webhooks`] : []),
    ];
  });

  expect([...new Set(read)].sort()).toEqual(onPage.sort());
});

test('docs/deploy.md has every secret that the deployment generates', () => {
  const table = page.slice(page.indexOf('| generated secret |'));
  const onPage = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| `(\w+)`/gm)].map(
    ([, name]) => `Mailover${name}`,
  );

  const made = Object.keys(resources(template, 'AWS::SecretsManager::Secret')).map((id) =>
    id.replace(/[0-9A-F]{8}$/, ''),
  );

  expect(made.sort()).toEqual(onPage.sort());
});
