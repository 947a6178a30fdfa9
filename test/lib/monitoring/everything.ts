import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib/core';
import { MONITORING_SIZES, type MonitoringSize } from '../../../lambda/contract/metrics.ts';
import type { ProviderList } from '../../../lambda/providers/registry.ts';
import { totalOf, watchingCost } from '../../../lib/costs/watching.ts';
import type { MailoverProps } from '../../../lib/mailover-props.ts';
import { MailoverStack } from '../../../lib/stack.ts';
import { PROVIDERS } from './providers.ts';

export const EVERYTHING: ProviderList = [
  { key: 'postmark', type: 'postmark', options: {}, events: true, inbound: { preference: 20 } },
  {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com' },
    events: true,
    inbound: {
      domains: ['in.example.com'],
      preference: 10,
      canary: { to: 'canary@mailgun.in.example.com', everyMinutes: 15 },
    },
  },
  {
    key: 'ses',
    type: 'ses',
    options: { identities: ['example.com'] },
    events: true,
    inbound: { recipients: ['in.example.com'] },
    canary: { to: 'canary@in.example.com', from: 'canary@example.com', everyMinutes: 15 },
    blocklists: { addresses: ['192.0.2.1'], zones: ['dnsbl.example.net'] },
  },
];

/** Makes a stack, reads from it, and removes its output. */
function read<T>(
  props: Pick<MailoverProps, 'providers'> & { size: MonitoringSize },
  look: (stack: MailoverStack) => T,
): T {
  const { providers, size } = props;
  const outdir = mkdtempSync(join(tmpdir(), 'mailover-alarms-'));
  try {
    const app = new App({ outdir, context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false });
    return look(new MailoverStack(app, 'Mailover', { providers, monitoring: { size } }));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** Returns the costs of the monitoring of four providers, as a table for decision 13. */
export function costTable(size: MonitoringSize): string {
  const lines = read({ providers: PROVIDERS, size }, (stack) =>
    watchingCost(Template.fromStack(stack).toJSON()['Resources'], PROVIDERS, size),
  );
  const rows = lines.map(
    ({ what, number, each, total }) => `| ${what} | ${number} | ${each.toFixed(2)} | ${total.toFixed(2)} |`,
  );
  const together = `| **together** | | | **${totalOf(lines).toFixed(2)}** |`;
  return ['| what | number | each | together |', '|---|---|---|---|', ...rows, together, ''].join('\n');
}

/** Returns the names of the alarms with severity `page`, as a list for the README and the runbook. */
export function pagesList(): string {
  const alarms = MONITORING_SIZES.flatMap((size) =>
    read({ providers: EVERYTHING, size }, ({ mailover }) => mailover.monitoring.alarms),
  );
  const titles = new Set(alarms.flatMap(({ severity, title }) => (severity === 'page' ? title : [])));
  return `${[...titles].sort().join(', ')}\n`;
}
