import { sendCommand } from './send/command.ts';

process.exitCode = await sendCommand(process.argv.slice(2), process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
});
