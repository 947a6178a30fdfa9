import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from '../lib/functions/bundle.ts';
import { FUNCTIONS, type MeasuredFunction } from './environments.ts';
import { type Figure, median, spread } from './figure.ts';

const run = promisify(execFile);
const ROUNDS = 15;
const MOST = 1.1;

/**
 * Measures the CPU time of a process that starts and imports a bundle: the bundle of each function, and a bundle with only the
 * logger. Also measures a process that imports nothing. The sender is not measured here, but together with its first mail.
 */
export async function measureImport(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mailover-bench-'));
  try {
    const names = Object.keys(FUNCTIONS) as MeasuredFunction[];
    const modules = new Map(names.map((name) => [name, bundle(`lambda/${name}/handler.ts`, join(folder, name))]));
    const logger = bundle('bench/logger-only.ts', join(folder, 'logger'));

    const times = { node: [] as number[], logger: [] as number[] };
    const ratios = new Map(names.map((name) => [name, [] as number[]]));
    // The first round only fills the file cache; its results are not used.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [node, withLogger] = [await time('', {}), await time(logger, {})];
      if (round > 0) {
        times.node.push(node);
        times.logger.push(withLogger);
      }
      for (const [name, module] of modules) {
        const own = await time(module, FUNCTIONS[name]);
        if (round > 0) ratios.get(name)?.push(own / withLogger);
      }
    }
    return [
      { name: 'process that imports nothing', value: `${spread(times.node, 0)} ms` },
      { name: 'process with the logger only', value: `${spread(times.logger, 0)} ms` },
      ...Array.from(ratios, ([name, values]): Figure => {
        const target = { text: `at most ${MOST}`, met: median(values) <= MOST };
        return { name: `${name} ready, beside the logger only, CPU`, value: spread(values), target };
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bundles an entry file in the same way as a deployment, so that only the content of the bundles differs. */
function bundle(entry: string, outdir: string): string {
  build(resolve(entry), outdir);
  return pathToFileURL(join(outdir, 'index.mjs')).href;
}

async function time(module: string, variables: NodeJS.ProcessEnv): Promise<number> {
  const end = 'const { user, system } = process.cpuUsage(); console.log(user + system); process.exit(0);';
  const script = `${module && `await import(${JSON.stringify(module)});`}${end}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env['PATH'], AWS_LAMBDA_FUNCTION_NAME: 'bench', ...variables },
    timeout: 20_000,
  });
  return Number(stdout) / 1_000;
}
