import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { exampleOf, outputOf } from '../support/testing-page.ts';

let stack: Stack;
let directory: string;

beforeAll(async () => {
  stack = await startStack({ port: 0 });
  directory = await mkdtemp(join(tmpdir(), 'mailover-languages-'));
});

afterAll(async () => {
  await stack?.close();
  await rm(directory, { recursive: true, force: true });
});

it.skipIf(!has('python3'))('the example of docs/testing.md for pytest passes', async () => {
  await writeFile(join(directory, 'test_order.py'), exampleOf('python'));
  await outputOf('python3', ['-m', 'venv', 'venv'], directory);
  const python = join(directory, 'venv/bin/python');
  await outputOf(python, ['-m', 'pip', 'install', '--quiet', 'pytest==8.4.2', 'boto3==1.40.50'], directory);

  const output = await outputOf(python, ['-m', 'pytest', '-q', 'test_order.py'], directory, {
    MAILOVER_URL: stack.url,
  });

  expect(output).toMatch(/^3 passed/m);
});

it.skipIf(!has('mvn'))('the example of docs/testing.md for JUnit passes', async () => {
  const sources = join(directory, 'src/test/java');
  await mkdir(sources, { recursive: true });
  await writeFile(join(sources, 'OrderMailTest.java'), exampleOf('java'));
  await copyFile(new URL('pom.xml', import.meta.url), join(directory, 'pom.xml'));

  const output = await outputOf('mvn', ['--batch-mode', '--no-transfer-progress', 'test'], directory, {
    MAILOVER_URL: stack.url,
  });

  expect(output).toMatch(/Tests run: 3, Failures: 0, Errors: 0, Skipped: 0/);
});

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
