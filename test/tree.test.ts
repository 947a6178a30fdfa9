import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8');
const [, tree = ''] = /## The tree\n\n```\n([\s\S]*?)```/.exec(page) ?? [];

/** Folders of the tree on the page, as paths. */
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
