/** Weight of the instances that can be asked now, here and everywhere, and in how many zones instances are. */
export interface ZoneFacts {
  ownWeight: number;
  wholeWeight: number;
  zones: number;
}

/**
 * The part of its calls that a caller keeps in its own zone. Callers are taken to be spread evenly over the zones: a
 * zone with its fair share of the instances serves its own callers alone, and one with less gives away what would load
 * its instances more than those elsewhere, also when some of them fail.
 * @param headroom how many times their even share the instances of a zone may get before it gives calls away
 */
export function ownZoneShare({ ownWeight, wholeWeight, zones }: ZoneFacts, headroom: number): number {
  return wholeWeight > 0 ? Math.min(1, (headroom * zones * ownWeight) / wholeWeight) : 1;
}
