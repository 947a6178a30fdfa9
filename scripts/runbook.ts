import { readFile, writeFile } from 'node:fs/promises';
import { billOf } from '../cli/bill/bill.ts';
import { billedDeployment } from '../cli/bill/deployment.ts';
import { billInWords, costsSentence } from '../cli/bill/format.ts';
import { synthesised } from '../cli/synthesised.ts';
import { costTable, pagesList } from '../test/lib/monitoring/everything.ts';
import { matrixTable, troubleTable } from '../test/lib/monitoring/matrix-table.ts';
import { MIXTURES, OWN_MATRIX } from '../test/lib/monitoring/own-matrix.ts';

// Writes generated parts into the documents: the table of faults and alarms, the list of alarms with the severity `page`, and the
// costs. Tests fail if these parts are not up to date.
const bill = billOf(billedDeployment(await synthesised()), {});
const PARTS = {
  matrix: matrixTable(),
  own: troubleTable(OWN_MATRIX),
  mixtures: troubleTable(MIXTURES),
  pages: pagesList(),
  cost: costTable('full'),
  'cost-small': costTable('small'),
  bill: `\`\`\`text\n${billInWords(bill)}\`\`\`\n`,
  costs: costsSentence(bill),
};

for (const name of ['docs/runbook.md', 'docs/adr/0013-monitoring.md', 'docs/costs.md', 'README.md']) {
  const file = new URL(`../${name}`, import.meta.url);
  let text = await readFile(file, 'utf8');
  for (const [part, content] of Object.entries(PARTS))
    text = text.replace(
      new RegExp(`(<!-- ${part} -->\\n)[\\s\\S]*?(<!-- /${part} -->)`),
      (_all, begin: string, end: string) => `${begin}${content}${end}`,
    );
  await writeFile(file, text);
}
