import { spawn } from 'node:child_process';
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_STACK } from '../../lambda/contract/deployment.ts';
import { BUNDLE_CACHE } from '../../lib/functions/bundle-cache.ts';
import { ROOT } from './work-directory.ts';

/** The default CDK app, which users of this repository edit. */
const USERS_APP = 'bin/mailover.ts';

/**
 * Synthesises a CDK app into a subdirectory of `directory`, and returns the path of the subdirectory. If the app fails, rejects
 * with an error that contains the output of the app.
 */
export async function synthesiseApp(directory: string, signal: AbortSignal, app = USERS_APP): Promise<string> {
  const output = join(directory, 'assembly');
  await mkdir(output, { recursive: true });
  // On Lambda there is no package.json, so a `.js` file is read as CommonJS. Without the file that is written here, Node would
  // use the package.json of the repository, which declares ES modules.
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n');
  const child = spawn(process.execPath, [join(ROOT, app)], {
    cwd: ROOT,
    env: {
      ...process.env,
      CDK_OUTDIR: output,
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ [LOCAL_STACK]: true }),
      ...(await bundleCache()),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  // Waits for the end of the process even if the signal has aborted the process, since it may write to the directory until it has
  // exited.
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (failure) throw failure;
  if (code !== 0) throw new Error(`synthesis of ${app} failed:\n${printed.trim()}`);
  return output;
}

/**
 * Returns the environment variable that names the cache directory for the bundles of unchanged sources. Returns an empty object
 * if this directory cannot be written.
 */
async function bundleCache(): Promise<Readonly<Record<string, string>>> {
  const directory = join(ROOT, 'node_modules/.cache/mailover-bundles');
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    return { [BUNDLE_CACHE]: directory };
  } catch {
    return {};
  }
}
