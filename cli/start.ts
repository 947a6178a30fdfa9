import { parseStartOptions, START_USAGE } from './start/options.ts';
import { runCommand } from './usage.ts';

const err = (text: string) => process.stderr.write(text);
process.exitCode = await runCommand(
  'start',
  { err },
  async () => {
    const options = parseStartOptions(process.argv.slice(2), process.env);
    if (!options) {
      console.log(START_USAGE);
      return 0;
    }
    // This module is loaded only now, since loading takes a second or two.
    const { startCommand } = await import('./start/command.ts');
    return await startCommand(options);
  },
  'npm start -- --help',
);
