import { receive } from './receive/command.ts';
import { terminal } from './terminal.ts';

process.exitCode = await receive(process.argv.slice(2), process.env, terminal);
