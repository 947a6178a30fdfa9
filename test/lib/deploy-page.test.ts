import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definitions } from '../../lambda/providers/registry.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');

/** Cells of the row of a type in the table of secrets. */
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
