import { type Figure, table } from './figure.ts';
import { measureImport } from './import-time.ts';
import { measureStack } from './running-stack.ts';

// A measurement that takes longer than this is a failure by itself.
const LIMIT_MS = 240_000;
setTimeout(() => {
  process.stderr.write(`bench: not done after ${LIMIT_MS / 1000} s\n`);
  process.exit(1);
}, LIMIT_MS).unref();

const figures: Figure[] = [];
for (const [label, measure] of [
  ['a fresh process with the sender, beside one with the logger', measureImport],
  ['npm start, 1,000 submissions, a large attachment', measureStack],
] as const) {
  process.stderr.write(`measuring ${label} …\n`);
  figures.push(...(await measure()));
}
process.stdout.write(`${table(figures)}\n`);
