import type { MailoverProps } from '../../../lib/mailover-props.ts';
import type { DeployedAlarm } from '../../../local/template/alarms.ts';
import type { StackTemplate } from '../../../local/template/assembly.ts';
import { deploy as resolve } from '../../../local/template/deployment.ts';
import { deploy } from '../deployment.ts';
import type { Deployed } from './outage-world.ts';

/** Synthesises a stack and reads its alarms as the local stack does. */
export function givenDeployed(props: Partial<MailoverProps>): Deployed {
  const { Resources: resources, Outputs: outputs } = deploy(props).template.toJSON();
  const nothing = { parameters: {}, conditions: {}, mappings: {}, assets: {} };
  const stack: StackTemplate = { name: 'Mailover', resources, outputs, ...nothing };
  const { alarms, queues } = resolve([stack], 'http://127.0.0.1:1', 'http://127.0.0.1:2');
  return {
    alarms,
    queues: queues.map(({ name }) => name),
    functions: [...new Set(alarms.flatMap((alarm) => functionOf(alarm) ?? []))],
  };
}

function functionOf({ kind, properties }: DeployedAlarm): string | undefined {
  return kind === 'metric' ? properties.Dimensions['FunctionName'] : undefined;
}
