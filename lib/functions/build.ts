import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';

// A script that bundles one entry for Lambda: `node build.ts ENTRY OUTDIR` writes `index.mjs` and its chunks, and prints the files
// that they were built from. The CDK bundles within a synchronous call, and esbuild has plugins only in asynchronous ones.

const ROOT = join(import.meta.dirname, '../..');
const CORE = 'mailover:core';

/**
 * Puts all code that an entry imports into one chunk: each module behind a dynamic import imports all of it, too, so that
 * the bundler need not divide it by what which of them uses. A process compiles two files when it starts instead of ten.
 */
function oneCore(entry: string): Plugin {
  return {
    name: 'one-core',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (path === CORE) return { path, namespace: 'core' };
        if (kind !== 'dynamic-import' || pluginData === CORE) return undefined;
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: CORE });
        return found.external || found.errors.length > 0
          ? found
          : // Relative, since the names of chunks depend on it.
            { path: relative(ROOT, found.path), namespace: 'lazy' };
      });
      onLoad({ filter: /.*/, namespace: 'core' }, async () => ({
        contents: (await importedBy(entry)).map((path) => `import ${JSON.stringify(path)};`).join('\n'),
        resolveDir: dirname(entry),
      }));
      onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
        const file = JSON.stringify(join(ROOT, path));
        const lines = [
          `import '${CORE}'`,
          `import * as all from ${file}`,
          `export * from ${file}`,
          'export default all.default',
        ];
        return { contents: lines.join(';'), resolveDir: ROOT };
      });
    },
  };
}

/** The modules that a file imports when it is loaded, without those of which it uses types only. */
async function importedBy(file: string): Promise<readonly string[]> {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', format: 'esm' });
  return Array.from(code.matchAll(/^import\b[^;]*?"([^"]+)";$/gm), ([, path = '']) => path);
}

const [, , entry = '', outdir = ''] = process.argv;
try {
  const { metafile } = await build({
    entryPoints: { index: entry },
    outdir,
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    minify: true,
    legalComments: 'none',
    // CommonJS dependencies call `require`, which ES modules do not have.
    banner: {
      js: "import{createRequire as mailoverCreateRequire}from'node:module';const require=mailoverCreateRequire(import.meta.url);",
    },
    logLevel: 'error',
    metafile: true,
    plugins: [oneCore(entry)],
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => !/^(core|lazy):/.test(path));
  process.stdout.write(JSON.stringify(inputs));
} catch {
  // esbuild has written its errors.
  process.exitCode = 1;
}
