import { accountCommand } from './account/command.ts';

process.exitCode = await accountCommand(process.argv.slice(2), process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
});
