import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = '{bin,lib,lambda,local,cli,chaos,consumer}/**/*.{ts,js}';

/** Names that several files export by design: each of these files implements the same interface, and one table imports them all. */
const IMPLEMENTED: readonly { readonly files: RegExp; readonly names: readonly string[] }[] = [
  // Lambda calls the function `handler` of the entry file.
  { files: /^lambda\/[\w-]+\/handler\.ts$/, names: ['handler'] },
  // A provider type: lambda/providers/registry.ts and the tables beside it import the same names from each folder.
  {
    files: /^lambda\/providers\/\w+\/[\w-]+\.ts$/,
    names: [
      'checkInbound',
      'checkOptions',
      'classify',
      'create',
      'definition',
      'events',
      'health',
      'inbound',
      'lookup',
      'missed',
      'ownList',
      'readEvents',
      'readPosted',
      'signatureProblem',
    ],
  },
  // A simulated provider type: its folder has the same parts as the folder of each other type.
  { files: /^local\/simulators\/\w+\/[\w-]+\.ts$/, names: ['listAnswer', 'posting', 'reporting'] },
];

/** Returns the exported names of a file, without names that the file only passes on from another file. */
function exportedBy(file: string): string[] {
  const { module } = parseSync(file, readFileSync(join(ROOT, file), 'utf8'));
  return module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ exportName, moduleRequest }) => (!moduleRequest && exportName.name ? [exportName.name] : []));
}

function isImplementation(name: string, files: readonly string[]): boolean {
  return IMPLEMENTED.some((one) => one.names.includes(name) && files.every((file) => one.files.test(file)));
}

const files = globSync(SOURCES, { cwd: ROOT }).sort();
const exported = Map.groupBy(
  files.flatMap((file) => exportedBy(file).map((name) => ({ name, file }))),
  ({ name }) => name,
);
const repeated = [...exported]
  .map(([name, places]) => [name, places.map(({ file }) => file)] as const)
  .filter(([, places]) => places.length > 1);

test('no exported name means two things', () => {
  expect(exported.size).toBeGreaterThan(1_000);
  expect(repeated.filter(([name, places]) => !isImplementation(name, places))).toEqual([]);
});

test('each name of an interface is exported by several files', () => {
  const names = new Set(repeated.map(([name]) => name));
  expect(IMPLEMENTED.flatMap((one) => one.names).filter((name) => !names.has(name))).toEqual([]);
});
