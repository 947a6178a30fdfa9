import { billCommand } from './bill/command.ts';
import { billedDeployment } from './bill/deployment.ts';
import { synthesised } from './synthesised.ts';

process.exitCode = await billCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  deployment: async () => billedDeployment(await synthesised()),
});
