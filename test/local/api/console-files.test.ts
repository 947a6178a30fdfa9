import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bundleConsole } from '../../../local/api/console-files.ts';

const read = (name: string) => readFileSync(new URL(`../../../local/console/${name}`, import.meta.url), 'utf8');

it('the script and the style sheet of the page have all modules and all rules', async () => {
  const { script, style } = await bundleConsole();
  const names = readdirSync(new URL('../../../local/console', import.meta.url));

  expect(script).toContain('/api/submissions');
  expect(script).not.toMatch(/^import /m);
  expect(style).not.toContain('@import');
  const imported = [...read('app.css').matchAll(/"\.\/(.*)"/g)].map(([, name]) => name);
  expect(imported.toSorted()).toEqual(names.filter((name) => name.endsWith('.css') && name !== 'app.css').toSorted());
});

it('the page loads two files, and not one for each module', () => {
  const loaded = [...read('index.html').matchAll(/(?:stylesheet"|modulepreload"|module") (?:href|src)="\/([^"]*)"/g)];

  expect(loaded.map(([, name]) => name)).toEqual(['app.css', 'app.js']);
});

it('the page asks for the list of mail as its script does', () => {
  const [, url] = /rel="preload" href="([^"]*)" as="fetch"/.exec(read('index.html')) ?? [];
  const [, size] = /PAGE = (\d+)/.exec(read('submissions.js')) ?? [];
  expect(url).toBe(`/api/submissions?limit=${Number(size) + 1}`);
});
