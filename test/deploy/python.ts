import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/**
 * Makes the virtual environment of the tests, unless it is there, and returns its folder of commands. Needs Python 3 with `venv`; packages come
 * from the index that pip is configured for.
 */
export function pythonEnvironment(): string {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const directory = join(ROOT, '.cache', `deploy-${hash}`);
  const commands = join(directory, 'bin');
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return commands;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const run = (command: string, ...parameters: string[]) =>
    execFileSync(command, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
  run('python3', '-m', 'venv', directory);
  // uv installs in seconds what takes pip a minute.
  run(join(commands, 'pip'), 'install', '--quiet', '--disable-pip-version-check', uvRequirement());
  run(join(commands, 'uv'), 'pip', 'install', '--quiet', '--python', join(commands, 'python'), '-r', REQUIREMENTS);
  mkdirSync(complete);
  return commands;
}

function uvRequirement(): string {
  const line = readFileSync(REQUIREMENTS, 'utf8').match(/^uv==.*$/m)?.[0];
  if (line === undefined) throw new Error(`${REQUIREMENTS} lacks uv`);
  return line;
}
