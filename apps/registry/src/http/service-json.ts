import type { CheckRecord, ServiceRecord } from '../domain/service-record.ts';
import { DATACENTER } from './blocking.ts';
import { NODE_NAME, node } from './node.ts';

const seconds = (ms: number): string => `${ms / 1_000}s`;

/** A check as /v1/health shows it. */
export const healthCheckJson = (check: CheckRecord, service: ServiceRecord | undefined) => ({
  Node: NODE_NAME,
  CheckID: check.id,
  Name: check.name,
  Status: check.status,
  Notes: check.notes,
  Output: check.output,
  ServiceID: check.serviceId,
  ServiceName: service?.name ?? '',
  ServiceTags: service?.tags ?? [],
  Type: check.probe?.target.kind ?? 'ttl',
  Interval: check.probe ? seconds(check.probe.intervalMs) : '',
  Timeout: check.probe ? seconds(check.probe.timeoutMs) : '',
  ExposedPort: 0,
  Definition: {},
  CreateIndex: check.createIndex,
  ModifyIndex: check.modifyIndex,
});

const serviceJson = (service: ServiceRecord) => ({
  ID: service.id,
  Service: service.name,
  Tags: service.tags,
  Meta: service.meta,
  Port: service.port,
  Address: service.address,
  Weights: { Passing: service.weights.passing, Warning: service.weights.warning },
  EnableTagOverride: false,
  CreateIndex: service.createIndex,
  ModifyIndex: service.modifyIndex,
});

/** An instance as /v1/agent/services shows it. */
export const agentServiceJson = (service: ServiceRecord) => ({ ...serviceJson(service), Datacenter: DATACENTER });

/** An entry of /v1/health/service/:name. */
export const serviceEntryJson = (service: ServiceRecord, checks: CheckRecord[]) => ({
  Node: node(1),
  Service: serviceJson(service),
  Checks: checks.map((check) => healthCheckJson(check, service)),
});

/** An entry of /v1/catalog/service/:name. */
export const catalogServiceJson = (service: ServiceRecord) => {
  const { Meta, ...registered } = node(1);
  return { ...registered, NodeMeta: Meta, ...catalogFacts(service) };
};

const catalogFacts = (service: ServiceRecord) => ({
  ServiceID: service.id,
  ServiceName: service.name,
  ServiceTags: service.tags,
  ServiceMeta: service.meta,
  ServiceAddress: service.address,
  ServicePort: service.port,
  ServiceWeights: { Passing: service.weights.passing, Warning: service.weights.warning },
  ServiceEnableTagOverride: false,
  CreateIndex: service.createIndex,
  ModifyIndex: service.modifyIndex,
});
