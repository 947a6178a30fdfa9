import { describe, expect, it } from 'vitest';
import { definitions, type ProviderType } from '../../../lambda/providers/registry.ts';
import { FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { faultInForce, faultMenu } from '../../../local/simulators/fault-menu.ts';

describe.each(Object.keys(definitions) as ProviderType[])('the faults of %s', (type) => {
  it('are recognised by their name once they are set', async () => {
    const board = new FaultBoard();
    for (const { id, faults } of faultMenu(type)) {
      await board.set('one', parseFaults(JSON.parse(JSON.stringify(faults))));
      const inForce = board.get('one').map(({ hits: _hits, ...fault }) => fault);

      expect(faultInForce(type, inForce)).toBe(id);
    }
  });

  it('have different descriptions', () => {
    const menu = faultMenu(type);

    expect(menu.every(({ detail }) => detail.length > 5)).toBe(true);
    expect(new Set(menu.map(({ label }) => label)).size).toBe(menu.length);
  });

  it('differ from a fault that was set by other means', () => {
    expect(faultInForce(type, [])).toBeUndefined();
    expect(faultInForce(type, parseFaults({ network: 'reset', rate: 0.5 }))).toBe('other');
  });
});
