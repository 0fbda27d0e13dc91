/**
 * Flags of a server's JVM: one that starts soon and stays small, or, once {@link measured} was called, one that nothing
 * holds back.
 */
export const jvmFlags = (heapMb: number): readonly string[] =>
  isMeasured ? [MEASURED] : [`-Xmx${heapMb}m`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

const MEASURED = '-Xmx1g';
let isMeasured = false;

/** For a bench: a server that stands beside ours is not to be slower than its users know it. */
export function measured(): void {
  isMeasured = true;
}
