import { verifyCommand } from './verify/command.ts';

process.exitCode = await verifyCommand(process.argv.slice(2), process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
});
