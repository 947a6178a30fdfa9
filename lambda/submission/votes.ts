/** Vendor of a configured provider by its key; undefined for one that is no longer configured. */
export type VendorOf = (provider: string) => string | undefined;

/**
 * Whether the providers of two different vendors have refused the message, which ends it; providers that are no longer
 * configured do not count.
 */
export function isRefusedByEnough(refusedBy: readonly string[], vendorOf: VendorOf): boolean {
  const vendors = new Set(refusedBy.map(vendorOf).filter((vendor) => vendor !== undefined));
  return vendors.size >= QUORUM;
}

const QUORUM = 2;
