import { Client, credentials } from '@grpc/grpc-js';
import type { Instance } from '@rookery/discovery';

/** Where an instance serves gRPC. */
const addressOf = ({ address, grpcPort, port }: Instance): string =>
  `${address.includes(':') ? `[${address}]` : address}:${grpcPort ?? port}`;

/**
 * A connection to one instance. Retries, balancing and service configs of grpc-js are off: this library does that
 * across instances. Its own pool of sockets, so that an instance that took over a port meets no back-off of its
 * predecessor.
 */
export function openChannel(instance: Instance, maxMessageBytes = 4 * 1024 * 1024): Client {
  return new Client(addressOf(instance), credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  });
}
