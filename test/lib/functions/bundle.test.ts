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

/** The files of a bundle with their content. */
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
