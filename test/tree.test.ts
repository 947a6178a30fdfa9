import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8');
const [, tree = ''] = /## The tree\n\n```\n([\s\S]*?)```/.exec(page) ?? [];

/** Returns the folders that the tree in docs/architecture.md names, as paths. */
function named(): string[] {
  let parent = '';
  return tree.split('\n').flatMap((line) => {
    const [, indent, name] = /^( *)([\w-]+)\//.exec(line) ?? [];
    if (name === undefined) return [];
    if (indent === '') parent = name;
    return indent === '' ? [name] : [`${parent}/${name}`];
  });
}

it.each(['lambda', 'lib', 'local', 'chaos'])(
  'the architecture page names each folder of %s/, and no other',
  (parent) => {
    const folders = readdirSync(new URL(`${parent}/`, ROOT), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`);
    expect(
      named()
        .filter((path) => path.startsWith(`${parent}/`))
        .toSorted(),
    ).toEqual(folders.toSorted());
  },
);

/** Returns, for each file and folder directly in `parent`, the other files and folders there from which it imports. */
function importsWithin(parent: string): Map<string, Set<string>> {
  const partOf = (path: string) => /^[^/]+\/([^/]+)/.exec(path)?.[1] ?? '';
  const imports = new Map<string, Set<string>>();
  for (const file of globSync(`${parent}/**/*.ts`, { cwd: ROOT })) {
    const of = imports.get(partOf(file)) ?? new Set();
    imports.set(partOf(file), of);
    for (const [, module = ''] of readFileSync(new URL(file, ROOT), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const imported = join(dirname(file), module);
      if (imported.startsWith(`${parent}/`) && partOf(imported) !== partOf(file)) of.add(partOf(imported));
    }
  }
  return imports;
}

it.each(['lambda', 'lib', 'local', 'cli', 'chaos'])('the folders of %s/ can be put in an order of layers', (parent) => {
  const imports = importsWithin(parent);
  const isFree = (of: ReadonlySet<string>) => [...of].every((name) => !imports.has(name));
  for (let lowest = ['']; lowest.length > 0; ) {
    lowest = [...imports].filter(([, of]) => isFree(of)).map(([name]) => name);
    for (const name of lowest) imports.delete(name);
  }

  expect([...imports.keys()]).toEqual([]);
});

it('local/ has no loose files but the stack and its clock', () => {
  const loose = readdirSync(new URL('local/', ROOT), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  expect(loose.toSorted()).toEqual(['clock.ts', 'stack.ts']);
});
