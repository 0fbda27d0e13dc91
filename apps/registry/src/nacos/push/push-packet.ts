import { gzipSync } from 'node:zlib';
import type { NacosService } from '../nacos-services.ts';

/** Nacos compresses what is longer. */
const PLAIN_BYTES = 1_024;
/** What fits in a datagram. */
const MOST_BYTES = 60_000;

/** A service as it is pushed; undefined where it is too much for a datagram, so that clients ask for it. */
export function pushPacket(service: NacosService): Buffer | undefined {
  const { lastRefTime } = service;
  const plain = Buffer.from(JSON.stringify({ type: 'dom', data: JSON.stringify(service), lastRefTime }));
  const packet = plain.length > PLAIN_BYTES ? gzipSync(plain) : plain;
  return packet.length > MOST_BYTES ? undefined : packet;
}

/** Which push a client says that it has; undefined when it says something else. */
export function ackedRefTime(packet: Buffer): string | undefined {
  if (packet.length > PLAIN_BYTES) return undefined;
  try {
    const { type, lastRefTime } = JSON.parse(packet.toString('utf8')) as { type?: unknown; lastRefTime?: unknown };
    return type === 'push-ack' ? String(lastRefTime) : undefined;
  } catch {
    return undefined;
  }
}
