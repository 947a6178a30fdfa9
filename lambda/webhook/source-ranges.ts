import { BlockList, isIPv6 } from 'node:net';

/** Whether an address is in one of the ranges; without ranges every address is. */
export function isFrom(ranges: readonly string[] | undefined, address: string): boolean {
  if (ranges === undefined) return true;
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
