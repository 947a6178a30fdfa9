import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/**
 * Name of the environment variable with the directory in which bundles are kept for the next synthesis. Only a local stack sets
 * the variable; a deployment always builds its bundles.
 */
export const BUNDLE_CACHE = 'MAILOVER_BUNDLE_CACHE';

/** SHA-256 hash of the content of each file from which a bundle was built, by the path relative to the root of the repository. */
type Inputs = Readonly<Record<string, string>>;

const ROOT = join(import.meta.dirname, '../..');
/** Files that change how every bundle is built. */
const BUILDERS = [join(import.meta.dirname, 'build.ts'), join(ROOT, 'package-lock.json'), join(ROOT, 'tsconfig.json')];
const hashes = new Map<string, string>();

/**
 * Copies the bundle of an entry file from the cache to `outdir`. If the cache does not have the bundle, builds the bundle in
 * `outdir` and stores a copy in the cache.
 *
 * A bundle in the cache is used as long as the files from which it was built have not changed.
 *
 * @param build writes the bundle to a directory, and returns the paths of the files from which the bundle was built
 */
export function cachedBundle(
  directory: string,
  entry: string,
  outdir: string,
  build: (outdir: string) => readonly string[],
): void {
  const kept = join(directory, relative(ROOT, entry).replaceAll(/[^\w.-]/g, '_'));
  if (isCurrent(kept)) {
    cpSync(join(kept, 'bundle'), outdir, { recursive: true });
    return;
  }
  const inputs = build(outdir);
  keep(kept, outdir, inputs);
}

function isCurrent(kept: string): boolean {
  try {
    const inputs = JSON.parse(readFileSync(join(kept, 'inputs.json'), 'utf8')) as Inputs;
    return Object.entries(inputs).every(([path, hash]) => hashOf(resolve(ROOT, path)) === hash);
  } catch {
    // The cache has no such bundle, or a source file of the bundle was deleted.
    return false;
  }
}

function keep(kept: string, outdir: string, inputs: readonly string[]): void {
  const paths = [...inputs.map((path) => resolve(ROOT, path)), ...BUILDERS];
  const unfinished = `${kept}.${process.pid}`;
  try {
    mkdirSync(unfinished, { recursive: true });
    cpSync(outdir, join(unfinished, 'bundle'), { recursive: true });
    const entries = paths.map((path) => [relative(ROOT, path), hashOf(path)]);
    writeFileSync(join(unfinished, 'inputs.json'), JSON.stringify(Object.fromEntries(entries)));
    rmSync(kept, { recursive: true, force: true });
    renameSync(unfinished, kept);
  } catch {
    // The bundle could not be stored in the cache: for example, another stack stored the same bundle first, or the disk is full.
    // This is no problem, since the bundle in `outdir` is complete.
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function hashOf(path: string): string {
  const known = hashes.get(path);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  hashes.set(path, hash);
  return hash;
}
