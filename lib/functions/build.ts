import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';

// This script bundles one entry file for Lambda: `node build.ts ENTRY OUTDIR` writes `index.mjs` and its chunks to OUTDIR, and
// prints the names of the source files. It is a separate process because the CDK calls the bundler synchronously, while esbuild
// supports plugins only in its asynchronous functions.

const ROOT = join(import.meta.dirname, '../..');
const CORE = 'mailover:core';

/**
 * Creates an esbuild plugin that puts all code which the entry file imports statically into one chunk. The plugin makes each
 * dynamically imported module import this chunk too; otherwise esbuild would split the code into more chunks. With the plugin, a
 * process compiles two files at its start instead of ten.
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
          : // The path is relative, since the names of the chunks depend on it, and must be the same on every machine.
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

/** Returns the modules that a file imports statically, except modules from which it imports only types. */
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
  // No message is printed here, since esbuild has already printed its errors.
  process.exitCode = 1;
}
