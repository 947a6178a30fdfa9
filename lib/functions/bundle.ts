import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { BUNDLE_CACHE, cachedBundle } from './bundle-cache.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILD = join(import.meta.dirname, 'build.ts');

/** Lambda handler name of the bundled entry's export. */
export const HANDLER = 'index.handler';

/**
 * Bundles one entry into a directory, with a chunk for each dynamic import and one for all code that is loaded at once.
 *
 * `NodejsFunction` writes a single file; splitting lets a process load the SDK of a provider when it first uses it.
 * A dynamic import may name only packages with ES modules: for a CommonJS package in its own chunk, esbuild 0.28 exports
 * the default export alone.
 */
export function bundle(entry: string): Code {
  return Code.fromAsset(join(ROOT, entry, '..'), {
    // Hash of the output: the same code gives the same asset on every machine.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK requires an image, which is never pulled, since the local bundler either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
      command: [relative(ROOT, join(ROOT, entry))],
      local: {
        tryBundle: (outdir) => {
          const cache = process.env[BUNDLE_CACHE];
          if (cache === undefined) build(join(ROOT, entry), outdir);
          else cachedBundle(cache, join(ROOT, entry), outdir, (directory) => build(join(ROOT, entry), directory));
          return true;
        },
      },
    },
  });
}

/**
 * Bundles an entry with esbuild for Lambda; writes `index.mjs` and its chunks to `outdir`.
 *
 * @returns the files that it was built from, relative to the root of the repository
 */
export function build(entry: string, outdir: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUILD, entry, outdir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${entry} cannot be bundled: ${stderr}`);
  return JSON.parse(stdout) as string[];
}
