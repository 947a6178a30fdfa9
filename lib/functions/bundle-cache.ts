import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/**
 * Environment variable with a directory that keeps bundles between two syntheses. Only the local stack sets it: a
 * deployment always builds.
 */
export const BUNDLE_CACHE = 'MAILOVER_BUNDLE_CACHE';

/** Files that a bundle was built from, relative to the root of the repository, each with a hash of its content. */
type Inputs = Readonly<Record<string, string>>;

const ROOT = join(import.meta.dirname, '../..');
/** Files that decide how every bundle is built. */
const BUILDERS = [join(import.meta.dirname, 'build.ts'), join(ROOT, 'package-lock.json'), join(ROOT, 'tsconfig.json')];
const hashes = new Map<string, string>();

/**
 * Copies the bundle of an entry to `outdir` from the cache, or builds it there and keeps a copy.
 *
 * A kept bundle is used while every file that it was built from has the same content.
 *
 * @param build writes the bundle to a directory and returns the paths of the files that it was built from
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
    // Nothing is kept, or a file that it was built from is gone.
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
    // Another stack that starts now may keep the same bundle, or the disk may be full: the bundle itself is built.
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
