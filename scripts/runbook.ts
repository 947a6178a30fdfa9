import { readFile, writeFile } from 'node:fs/promises';
import { matrixTable } from '../test/monitoring/matrix-table.ts';

// Writes the table of faults and alarms into the runbook; a test fails while they differ.
const FILE = new URL('../docs/runbook.md', import.meta.url);
const text = await readFile(FILE, 'utf8');
await writeFile(FILE, text.replace(/(<!-- matrix -->\n)[\s\S]*?(<!-- \/matrix -->)/, `$1${matrixTable()}$2`));
