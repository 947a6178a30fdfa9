import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deploy, resources } from '../deployment.ts';
import { MATRIX } from './alarm-matrix.ts';
import { EVERYTHING, pagesList } from './everything.ts';
import { matrixTable, troubleTable } from './matrix-table.ts';
import { MIXTURES, OWN_MATRIX } from './own-matrix.ts';

const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const)
    // Headings of alarms are one word; other headings are sentences.
    .filter(([heading]) => !heading.includes(' ')),
);
const alarms = (['full', 'small'] as const).flatMap((size) => {
  const { template } = deploy({
    routes: [{ class: 'login-codes', expiresAfterSeconds: 600, unsubscribe: true }],
    providers: EVERYTHING,
    monitoring: { size },
    events: { url: 'https://example.com/mail-events' },
  });
  return ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    Object.values(resources(template, type)).map(({ Properties }) => Properties),
  );
});
const titleOf = (alarm: (typeof alarms)[number]) => String(alarm['AlarmName']).split('/').at(-1) as string;

test('every alarm has a section of the runbook, and every section an alarm', () => {
  expect([...new Set(alarms.map(titleOf))].toSorted()).toEqual([...sections.keys()].toSorted());
});

test.each([...sections])('%s says what it means, what happens to mail, where to look and what to do', (_, text) => {
  const leads = [...text.matchAll(/^\*\*(.+?)\.\*\* \S/gm)].map(([, lead]) => lead);

  expect(leads).toEqual(['What it means', 'What happens to mail meanwhile', 'Look here', 'Do this']);
});

test('every description links its section, in a length that CloudWatch takes', () => {
  for (const alarm of alarms) {
    const description = String(alarm['AlarmDescription']);
    expect(description.endsWith(` docs/runbook.md#${titleOf(alarm).toLowerCase()}`), description).toBe(true);
    expect(description.length).toBeLessThanOrEqual(1024);
  }
});

test('the address of the runbook can be given', () => {
  const own = deploy({ monitoring: { runbookUrl: 'https://wiki.example.com/mailover' } }).template;
  const [alarm] = Object.values(resources(own, 'AWS::CloudWatch::CompositeAlarm'));

  expect(alarm?.Properties['AlarmDescription']).toMatch(/ https:\/\/wiki\.example\.com\/mailover#\w+$/);
});

test('the table of faults is the one that the tests run', () => {
  expect(runbook).toContain(`<!-- matrix -->\n${matrixTable()}<!-- /matrix -->`);
  expect(MATRIX.flatMap(({ alarms }) => Object.values(alarms).flat()).every((title) => sections.has(title))).toBe(true);
});

test.each([
  ['own', OWN_MATRIX],
  ['mixtures', MIXTURES],
])('the table of troubles (%s) is the one that the tests run', (part, troubles) => {
  expect(runbook).toContain(`<!-- ${part} -->\n${troubleTable(troubles)}<!-- /${part} -->`);
  const titles = troubles.flatMap(({ alarms, small }) => [...alarms, ...small]).map((name) => name.split('/').at(-1));
  expect(titles.filter((title) => !sections.has(title ?? ''))).toEqual([]);
});

test.each(['docs/runbook.md', 'README.md'])('%s lists the alarms that page', (file) => {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

  expect(text).toContain(`<!-- pages -->\n${pagesList()}<!-- /pages -->`);
});
