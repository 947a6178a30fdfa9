import { queues } from './queues/command.ts';

process.exitCode = await queues(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
});
