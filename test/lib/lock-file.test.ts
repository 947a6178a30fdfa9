import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly integrity?: string;
  /** True if the package is bundled in another package. The hash of the other package then covers the content of this package. */
  readonly inBundle?: true;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as unknown;

test('every package of the lock file has a hash of its content, those for other machines too', () => {
  const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
  const [, ...locked] = Object.entries(packages);

  const without = locked.filter(
    ([, { integrity, inBundle }]) => !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
  );

  expect(locked.length).toBeGreaterThan(400);
  expect(without.map(([name]) => name)).toEqual([]);
});

test('every direct dependency is pinned to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = read('package.json') as Record<
    string,
    Record<string, string>
  >;

  for (const version of Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('README and CONTRIBUTING state the oldest Node on which the installation is quiet', () => {
  const { engines } = read('package.json') as { engines: { node: string } };
  const [, first = '', second = ''] = /^\^(\d+\.\d+)\.0 \|\| >=(\d+\.\d+)\.0$/.exec(engines.node) ?? [];

  for (const page of ['README.md', 'CONTRIBUTING.md'])
    expect(readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')).toContain(
      `Node ${Number.parseInt(first, 10)} (${first} or later) or Node ${Number.parseInt(second, 10)} (${second} or later)`,
    );
});
