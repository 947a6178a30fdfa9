import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'bundles-'));
afterEach(() => vi.resetModules());

/**
 * Makes a bundle as a new process does: a new process has no hashes in memory. Returns the content of the bundle, and whether the
 * bundle was built.
 */
async function bundled(sources: readonly string[], cache = join(directory, 'cache')) {
  const { cachedBundle } = await import('../../../lib/functions/bundle-cache.ts');
  const outdir = mkdtempSync(join(directory, 'out-'));
  let built = false;
  cachedBundle(cache, join(directory, 'entry.ts'), outdir, (target) => {
    built = true;
    writeFileSync(join(target, 'index.mjs'), sources.map((path) => readFileSync(path, 'utf8')).join());
    return sources;
  });
  vi.resetModules();
  return { built, code: readFileSync(join(outdir, 'index.mjs'), 'utf8') };
}

describe('a cache of bundles', () => {
  const a = join(directory, 'a.ts');
  const b = join(directory, 'b.ts');

  it('gives the kept bundle until a source changes or is gone', async () => {
    writeFileSync(a, 'a1');
    writeFileSync(b, 'b1');
    expect(await bundled([a, b])).toEqual({ built: true, code: 'a1,b1' });
    expect(await bundled([a, b])).toEqual({ built: false, code: 'a1,b1' });
    writeFileSync(b, 'b2');
    expect(await bundled([a, b])).toEqual({ built: true, code: 'a1,b2' });
    expect(await bundled([a, b])).toEqual({ built: false, code: 'a1,b2' });
    rmSync(b);
    expect(await bundled([a])).toEqual({ built: true, code: 'a1' });
    expect(readdirSync(join(directory, 'cache'))).toHaveLength(1);
  });

  it('builds where nothing can be kept', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    writeFileSync(a, 'a');
    expect(await bundled([a], file)).toEqual({ built: true, code: 'a' });
    expect(await bundled([a], file)).toEqual({ built: true, code: 'a' });
  });
});
