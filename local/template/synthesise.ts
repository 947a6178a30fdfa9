import { spawn } from 'node:child_process';
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_STACK } from '../../lambda/contract/deployment.ts';
import { BUNDLE_CACHE } from '../../lib/functions/bundle-cache.ts';
import { ROOT } from './work-directory.ts';

/** The CDK app that a user edits. */
const USERS_APP = 'bin/mailover.ts';

/** Synthesises a CDK app into a directory; rejects with the output of the app. */
export async function synthesiseApp(directory: string, signal: AbortSignal, app = USERS_APP): Promise<string> {
  const output = join(directory, 'assembly');
  await mkdir(output, { recursive: true });
  // Lambda reads a `.js` file without a package.json as CommonJS, but the package.json of this repository declares ES
  // modules.
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
  // Waits also if the signal ended it: until it has exited it may write to the directory.
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (failure) throw failure;
  if (code !== 0) throw new Error(`synthesis of ${app} failed:\n${printed.trim()}`);
  return output;
}

/** The directory that keeps the bundles of unchanged sources, if this checkout can be written to. */
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
