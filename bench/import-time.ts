import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from '../lib/functions/bundle.ts';
import { senderVariables } from './environments.ts';
import { type Figure, median } from './figure.ts';

const run = promisify(execFile);
const ROUNDS = 25;
const TARGET_RATIO = 1.3;

/** Time from spawn to exit of a process that imports a bundle, for the sender, the logger and nothing, in turn. */
export async function measureImport(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mailover-bench-'));
  try {
    const sender = bundle('lambda/sender/handler.ts', join(folder, 'sender'));
    const logger = bundle('bench/logger-only.ts', join(folder, 'logger'));

    const times = { node: [] as number[], logger: [] as number[], sender: [] as number[] };
    // The first round fills the file cache and does not count.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [node, withLogger, withSender] = [await time(''), await time(logger), await time(sender)];
      if (round === 0) continue;
      times.node.push(node);
      times.logger.push(withLogger);
      times.sender.push(withSender);
    }
    const ratio = median(times.sender) / median(times.logger);
    return [
      { name: 'process that imports nothing', value: `${median(times.node).toFixed(0)} ms` },
      { name: 'process with the logger bundle', value: `${median(times.logger).toFixed(0)} ms` },
      { name: 'process with the sender bundle', value: `${median(times.sender).toFixed(0)} ms` },
      {
        name: 'sender to logger',
        value: `${ratio.toFixed(2)} (medians of ${ROUNDS}, in turn)`,
        target: { text: `at most ${TARGET_RATIO}`, met: ratio <= TARGET_RATIO },
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bundles an entry as the deployment does, so that only the content of the bundles differs. */
function bundle(entry: string, outdir: string): string {
  build(resolve(entry), outdir);
  return pathToFileURL(join(outdir, 'index.mjs')).href;
}

async function time(module: string): Promise<number> {
  const script = `${module && `await import(${JSON.stringify(module)});`}process.exit(0)`;
  const start = performance.now();
  await run(process.execPath, ['--input-type=module', '--eval', script], {
    env: senderVariables([{ key: 'postmark', type: 'postmark', options: {} }]),
    timeout: 20_000,
  });
  return performance.now() - start;
}
