/** A name or an address as it stands before the port in a URL: of IPv6 in brackets. */
export const hostInUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);
