/** Returns the vendor of the provider with this key; undefined if the provider is no longer configured. */
export type VendorOf = (provider: string) => string | undefined;

/**
 * Quorum: returns whether providers of two different vendors have refused the message for a recipient. If so, the submission ends
 * for this recipient as `refused`. Providers that are no longer configured do not count.
 */
export function isRefusedByEnough(refusedBy: readonly string[], vendorOf: VendorOf): boolean {
  const vendors = new Set(refusedBy.map(vendorOf).filter((vendor) => vendor !== undefined));
  return vendors.size >= QUORUM;
}

const QUORUM = 2;
