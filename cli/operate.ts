import { operate } from './operate/command.ts';
import { terminal } from './terminal.ts';

process.exitCode = await operate(process.argv.slice(2), process.env, terminal);
