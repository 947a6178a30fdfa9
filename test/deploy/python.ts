import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { defined } from '../../lambda/platform/defined.ts';

const ROOT = join(import.meta.dirname, '../..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CONSTRAINTS = join(import.meta.dirname, 'constraints.txt');

/** Returns the `bin` folder of the virtual environment of Python. */
export function pythonCommands(): string {
  const hash = createHash('sha256');
  for (const file of [REQUIREMENTS, CONSTRAINTS]) hash.update(readFileSync(file));
  return join(ROOT, '.cache', `deploy-${hash.digest('hex').slice(0, 12)}`, 'bin');
}

/**
 * Makes the virtual environment before the first test, if it does not exist. This needs Python 3.11 or newer with the module
 * `venv`. Packages come from the package index in the settings of pip.
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
  // The installer uv installs the packages in seconds. pip would need a minute.
  await run(pip, ['install', '--quiet', '--disable-pip-version-check', uvRequirement()]);
  const packages = ['--python', join(commands, 'python'), '-r', REQUIREMENTS, '-c', CONSTRAINTS];
  const { stdout } = await run(pip, ['config', 'list']);
  await run(join(commands, 'uv'), ['pip', 'install', '--quiet', ...packages], {
    env: { ...process.env, ...settingsOf(stdout) },
  });
  mkdirSync(complete);
}

/**
 * Returns the package index and the certificates from the settings of pip as environment variables for uv, since uv does not read
 * the settings of pip.
 */
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
