import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../../local/console/${name}`, import.meta.url), 'utf8');

it('the page names each of its modules, so that the browser need not find them one after another', () => {
  const modules = readdirSync(new URL('../../../local/console', import.meta.url)).filter((name) =>
    name.endsWith('.js'),
  );
  const preloaded = [...read('index.html').matchAll(/rel="modulepreload" href="\/(.*)"/g)].map(([, name]) => name);
  expect(preloaded).toEqual([...modules, 'uplot.js'].filter((name) => name !== 'app.js').toSorted());
});

it('the page asks for the list of mail as its script does', () => {
  const [, url] = /rel="preload" href="([^"]*)" as="fetch"/.exec(read('index.html')) ?? [];
  const [, size] = /PAGE = (\d+)/.exec(read('submissions.js')) ?? [];
  expect(url).toBe(`/api/submissions?limit=${Number(size) + 1}`);
});
