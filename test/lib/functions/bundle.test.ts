import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../../lib/functions/bundle.ts';

let directory: string;
let entry: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailover-bundle-'));
  mkdirSync(join(directory, 'source'));
  entry = join(directory, 'source', 'handler.ts');
  writeFileSync(join(directory, 'source', 'late.cjs'), `exports.marker = require('node:os').EOL + 'loaded late';`);
  writeFileSync(join(directory, 'source', 'late.ts'), `import late from './late.cjs'; export const { marker } = late;`);
  writeFileSync(entry, `export const handler = async (): Promise<string> => (await import('./late.ts')).marker;`);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Returns the files of a bundle with their content. */
function files(outdir: string): Record<string, string> {
  const names = readdirSync(outdir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(outdir.length + 1), readFileSync(file, 'utf8')];
    }),
  );
}

test('a dynamic import is a chunk of its own, and its CommonJS runs', () => {
  const outdir = join(directory, 'a');
  build(entry, outdir);
  const written = files(outdir);
  expect(written['index.mjs']).not.toContain('loaded late');
  expect(Object.values(written).join('')).toContain('loaded late');
  const index = JSON.stringify(join(outdir, 'index.mjs'));
  const script = `const { handler } = await import(${index}); console.log((await handler()).trim());`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(child.stdout.trim(), child.stderr).toBe('loaded late');
});

test('a process that starts loads two files, whatever its dynamic imports share with each other', () => {
  const source = (name: string, text: string) => writeFileSync(join(directory, 'source', name), text);
  for (const name of ['a', 'b', 'c']) source(`${name}.ts`, `export const ${name} = { name: '${name}' };`);
  source('first.ts', `import { a } from './a.ts'; import { b } from './b.ts'; export const found = [a, b];`);
  source('second.ts', `import { b } from './b.ts'; import { c } from './c.ts'; export default [b, c];`);
  source(
    'many.ts',
    `import { a } from './a.ts'; import { b } from './b.ts'; import { c } from './c.ts';
     await import('./first.ts');
     export const handler = async (): Promise<boolean> => {
       const { found } = await import('./first.ts');
       const { default: others } = await import('./second.ts');
       return [...found, ...others].every((one, place) => one === [a, b, b, c][place]);
     };`,
  );
  const outdir = join(directory, 'e');
  build(join(directory, 'source', 'many.ts'), outdir);
  const written = files(outdir);
  const imports = (file: string) =>
    Array.from((written[file] ?? '').matchAll(/(?:from|import)"\.\/([^"]+)"/g), ([, path = '']) => path);
  expect(imports('index.mjs').flatMap((path) => [path, ...imports(path)])).toHaveLength(1);
  const index = JSON.stringify(join(outdir, 'index.mjs'));
  const script = `const { handler } = await import(${index}); console.log(await handler());`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(child.stdout.trim(), child.stderr).toBe('true');
});

test('the same source gives the same bytes, wherever they are written', () => {
  build(entry, join(directory, 'b'));
  build(entry, join(directory, 'deeper', 'c'));
  expect(files(join(directory, 'b'))).toEqual(files(join(directory, 'deeper', 'c')));
});

test('code that cannot be bundled stops the synthesis', () => {
  const broken = join(directory, 'source', 'broken.ts');
  writeFileSync(broken, `import './missing.ts';`);
  expect(() => build(broken, join(directory, 'd'))).toThrow(/missing\.ts/);
});
