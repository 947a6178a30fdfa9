import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { defined } from '../../lambda/platform/defined.ts';

const ROOT = join(import.meta.dirname, '../..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CONSTRAINTS = join(import.meta.dirname, 'constraints.txt');

/** Folder of commands of the virtual environment. */
export function pythonCommands(): string {
  const hash = createHash('sha256');
  for (const file of [REQUIREMENTS, CONSTRAINTS]) hash.update(readFileSync(file));
  return join(ROOT, '.cache', `deploy-${hash.digest('hex').slice(0, 12)}`, 'bin');
}

/**
 * Makes the virtual environment before the first test, unless it is there. Needs Python 3.11 or newer with `venv`; packages come from
 * the index that pip is configured for.
 */
export async function setup(): Promise<void> {
  const commands = pythonCommands();
  const directory = dirname(commands);
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  const run = promisify(execFile);
  await run('python3', ['-m', 'venv', directory]);
  const pip = join(commands, 'pip');
  // uv installs in seconds what takes pip a minute.
  await run(pip, ['install', '--quiet', '--disable-pip-version-check', uvRequirement()]);
  const packages = ['--python', join(commands, 'python'), '-r', REQUIREMENTS, '-c', CONSTRAINTS];
  const { stdout } = await run(pip, ['config', 'list']);
  await run(join(commands, 'uv'), ['pip', 'install', '--quiet', ...packages], {
    env: { ...process.env, ...settingsOf(stdout) },
  });
  mkdirSync(complete);
}

/** Settings of pip as uv has them, which does not read those. */
function settingsOf(list: string): NodeJS.ProcessEnv {
  const setting = (name: string) => new RegExp(`\\.${name}='(.*)'$`, 'm').exec(list)?.[1];
  const [index, certificates] = [setting('index-url'), setting('cert')];
  return defined({ UV_DEFAULT_INDEX: index || undefined, SSL_CERT_FILE: certificates || undefined });
}

function uvRequirement(): string {
  const line = readFileSync(REQUIREMENTS, 'utf8').match(/^uv==.*$/m)?.[0];
  if (line === undefined) throw new Error(`${REQUIREMENTS} lacks uv`);
  return line;
}
