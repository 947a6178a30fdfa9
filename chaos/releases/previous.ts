import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Release 0.1.0, the last one without a ledger. */
const PREVIOUS_COMMIT = '0c8bdbe';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// Below node_modules, so that its imports find the packages of this checkout, and no other tool looks at it.
const CACHE = join(ROOT, 'node_modules/.cache/mailover-chaos');

const ENTRY = `export { createSender } from './lambda/sender/sender.ts';
export { definitions } from './lambda/providers/registry.ts';
`;

/** The parts of the previous release that a process needs. */
export interface PreviousRelease {
  // Its context is not that of this release, and its types are not checked out: the adapter in process.ts knows it.
  readonly createSender: (
    context: Record<string, unknown>,
  ) => (record: unknown, remainingMs: () => number) => Promise<void>;
  readonly definitions: unknown;
}

/**
 * Builds the previous release from history, once per commit.
 *
 * @throws if the clone has no history: `git fetch --unshallow` helps
 */
export async function loadPrevious(): Promise<PreviousRelease> {
  const bundle = join(CACHE, `${PREVIOUS_COMMIT}.mjs`);
  if (!existsSync(bundle)) await bundlePrevious(bundle);
  return (await import(pathToFileURL(bundle).href)) as PreviousRelease;
}

async function bundlePrevious(bundle: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  // Several processes may build it at once: each in a folder of its own, and the finished bundle is put in place as a whole.
  const sources = mkdtempSync(join(CACHE, `${PREVIOUS_COMMIT}-`));
  let archive: Buffer;
  try {
    archive = execFileSync('git', ['archive', PREVIOUS_COMMIT, 'lambda'], {
      cwd: ROOT,
      maxBuffer: 64 * 1_048_576,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (cause) {
    throw new Error(
      `the previous release (commit ${PREVIOUS_COMMIT}) is not in this clone; git fetch --unshallow brings it, ` +
        'or leave its fault out: --without previous-release',
      { cause },
    );
  }
  execFileSync('tar', ['-x', '-C', sources], { input: archive });
  writeFileSync(join(sources, 'entry.ts'), ENTRY);
  await build({
    entryPoints: [join(sources, 'entry.ts')],
    outfile: join(sources, 'bundle.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
    // Its timers belong to the simulated time, too.
    define: { setTimeout: '__mailoverChaos.setTimeout', clearTimeout: '__mailoverChaos.clearTimeout' },
  });
  renameSync(join(sources, 'bundle.mjs'), bundle);
  rmSync(sources, { recursive: true });
}
