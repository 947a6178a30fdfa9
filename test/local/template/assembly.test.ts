import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEPENDS_ON_TIME } from '../../../lib/monitoring/depends-on-time.ts';
import { readAssembly } from '../../../local/template/assembly.ts';

test('the resources of a template keep their metadata, which says whether an alarm depends on time', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assembly-'));
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'stack.json' } };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify({ artifacts: { mailover: stack } }));
  const alarm = {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: { AlarmName: 'Latency' },
    Metadata: { [DEPENDS_ON_TIME]: true },
  };
  await writeFile(join(directory, 'stack.json'), JSON.stringify({ Resources: { Alarm: alarm } }));

  expect((await readAssembly(directory))[0]?.resources).toEqual({ Alarm: alarm });
});
