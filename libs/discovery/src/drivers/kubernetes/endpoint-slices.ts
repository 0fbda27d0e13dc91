import type { Instance } from '../../discovery.ts';

/** The parts of discovery.k8s.io/v1 EndpointSlice that are read. */
export interface EndpointSlice {
  metadata: { name: string; resourceVersion?: string; labels?: Record<string, string> };
  addressType?: string;
  endpoints?: Endpoint[] | null;
  ports?: Array<{ name?: string; port?: number }> | null;
}

interface Endpoint {
  addresses: string[];
  conditions?: { ready?: boolean | null; terminating?: boolean | null };
  targetRef?: { kind?: string; name?: string };
  zone?: string;
}

/** The label by which Kubernetes names the Service that a slice belongs to. */
export const SERVICE_NAME = 'kubernetes.io/service-name';
/** `metadata.rookery.io/exposure: internal` on a Service is `exposure: internal` in an instance's metadata. */
const METADATA = 'metadata.rookery.io/';
/** `path.rookery.io/openapi: openapi.json` is `openapi: /openapi.json`: a label's value cannot have a slash. */
const PATH = 'path.rookery.io/';

/** The ready endpoints of a service that have a port named `http`, ordered by id, each pod once. */
export function toInstances(slices: Iterable<EndpointSlice>, service: string): Instance[] {
  const byId = new Map<string, Instance>();
  for (const slice of [...slices].sort(byAddressType)) {
    if (slice.metadata.labels?.[SERVICE_NAME] !== service) continue;
    for (const instance of instancesOf(slice, service)) if (!byId.has(instance.id)) byId.set(instance.id, instance);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Names of the services with at least one such endpoint, in order. */
export function toServices(slices: Iterable<EndpointSlice>): string[] {
  const names = new Set<string>();
  for (const slice of slices) {
    const name = slice.metadata.labels?.[SERVICE_NAME];
    if (name !== undefined && instancesOf(slice, name).length > 0) names.add(name);
  }
  return [...names].sort();
}

function instancesOf({ metadata, addressType, endpoints, ports }: EndpointSlice, service: string): Instance[] {
  const portOf = (wanted: string): number | undefined => ports?.find(({ name }) => name === wanted)?.port;
  const [port, grpcPort] = [portOf('http'), portOf('grpc')];
  if (port === undefined || addressType === 'FQDN') return [];
  const facts = metadataOf(metadata.labels ?? {});
  return (endpoints ?? []).filter(isReady).flatMap(({ addresses: [address], targetRef, zone }) =>
    address === undefined
      ? []
      : [
          {
            id: targetRef?.kind === 'Pod' && targetRef.name ? targetRef.name : `${service}@${address}:${port}`,
            service,
            address,
            port,
            ...(grpcPort === undefined ? {} : { grpcPort }),
            weight: 1,
            ...(zone ? { zone } : {}),
            metadata: facts,
          },
        ],
  );
}

/** Unknown counts as ready, as the API says; an endpoint that ends takes no new requests, whatever its Service publishes. */
const isReady = ({ conditions }: Endpoint): boolean => (conditions?.ready ?? true) && !conditions?.terminating;

/** A pod of a dual-stack Service stands in one slice for each family; IPv4 first. */
const byAddressType = (a: EndpointSlice, b: EndpointSlice): number =>
  (a.addressType ?? '').localeCompare(b.addressType ?? '');

function metadataOf(labels: Record<string, string>): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [label, value] of Object.entries(labels)) {
    if (label.startsWith(METADATA)) metadata[label.slice(METADATA.length)] = value;
    if (label.startsWith(PATH)) metadata[label.slice(PATH.length)] = `/${value}`;
  }
  return metadata;
}
