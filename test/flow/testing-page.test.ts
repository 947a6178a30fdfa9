import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { ROOT } from '../../local/template/work-directory.ts';
import { exampleOf, outputOf } from '../support/testing-page.ts';

let stack: Stack;
let directory: string;

beforeAll(async () => {
  stack = await startStack({ port: 0 });
  // The folder is inside the repository, so that the code example finds the packages in `node_modules`.
  await mkdir(join(ROOT, '.local'), { recursive: true });
  directory = await mkdtemp(join(ROOT, '.local', 'example-'));
});

afterAll(async () => {
  await stack?.close();
  await rm(directory, { recursive: true, force: true });
});

it('the example of docs/testing.md for Vitest passes', async () => {
  await writeFile(join(directory, 'order.test.js'), exampleOf('js'));
  await writeFile(join(directory, 'vitest.config.js'), 'export default {};\n');
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const options = [program, 'run', '--reporter=verbose'];

  const output = await outputOf(process.execPath, options, directory, {
    MAILOVER_URL: stack.url,
    NO_COLOR: '1',
  });

  expect(output).toMatch(/Tests +3 passed \(3\)/);
});
