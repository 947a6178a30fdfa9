import { sendCommand } from './send/command.ts';
import { terminal } from './terminal.ts';

process.exitCode = await sendCommand(process.argv.slice(2), process.env, terminal);
