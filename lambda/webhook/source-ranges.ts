import { BlockList, isIPv6 } from 'node:net';

/** Whether an IP address is in one of the ranges; true for every address if no ranges are given. */
export function isFrom(ranges: readonly string[] | undefined, address: string): boolean {
  if (ranges === undefined) return true;
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
