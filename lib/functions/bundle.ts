import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { BUNDLE_CACHE, cachedBundle } from './bundle-cache.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILD = join(import.meta.dirname, 'build.ts');

/** Name of the handler for Lambda: the export `handler` of the bundled entry file. */
export const HANDLER = 'index.handler';

/**
 * Returns the bundled code of one entry file, as an asset of the CDK. The bundle has one chunk for each dynamic import, and one
 * chunk for all code that is loaded at the start.
 *
 * The construct `NodejsFunction` is not used, since it writes a single file. With several chunks, a process loads the SDK of a
 * provider only when it first uses this provider. Only packages with ES modules may be imported dynamically: if a CommonJS
 * package has its own chunk, esbuild 0.28 exports only its default export.
 */
export function bundle(entry: string): Code {
  return Code.fromAsset(join(ROOT, entry, '..'), {
    // The name of the asset is the hash of the output, so the same code results in the same asset on every machine.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK requires a container image here. The image is never pulled, since the local bundler below either succeeds or
      // throws an error.
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
 * Bundles an entry file with esbuild for Lambda. Writes `index.mjs` and its chunks to `outdir`.
 *
 * @returns the source files of the bundle, with paths relative to the root of the repository
 * @throws Error if the entry file cannot be bundled; the message has the output of esbuild
 */
export function build(entry: string, outdir: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUILD, entry, outdir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${entry} cannot be bundled: ${stderr}`);
  return JSON.parse(stdout) as string[];
}
