import { explainCommand } from './explain/command.ts';
import { synthesisedSender } from './explain/configuration.ts';

process.exitCode = await explainCommand(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  configuration: synthesisedSender,
  now: Date.now,
});
