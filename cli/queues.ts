import { queues } from './queues/command.ts';
import { terminal } from './terminal.ts';

process.exitCode = await queues(process.argv.slice(2), terminal);
