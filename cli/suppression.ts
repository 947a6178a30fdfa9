import { suppressionCommand } from './suppression/command.ts';

process.exitCode = await suppressionCommand(process.argv.slice(2), process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
});
