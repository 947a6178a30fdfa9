import { suppressionCommand } from './suppression/command.ts';
import { terminal } from './terminal.ts';

process.exitCode = await suppressionCommand(process.argv.slice(2), process.env, terminal);
