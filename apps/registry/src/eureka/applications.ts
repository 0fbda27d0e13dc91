import { Injectable } from '@nestjs/common';
import { RegistryState } from '../domain/registry-state.ts';
import type { CheckRecord, ServiceRecord } from '../domain/service-record.ts';
import { appOf, type EurekaJson, eurekaJson, instanceIdOf } from './eureka-instance.ts';

export interface Application {
  name: string;
  instance: EurekaJson[];
}

/** What the state knows as Eureka sees it: applications of instances, made anew only when something has changed. */
@Injectable()
export class Applications {
  #madeAt = -1;
  #byApp = new Map<string, EurekaJson[]>();

  constructor(private readonly state: RegistryState) {}

  all(): Application[] {
    return [...this.#view()].map(([name, instance]) => ({ name, instance }));
  }

  /** Undefined when nobody knows it; names are the same whatever their case. */
  of(app: string): Application | undefined {
    const name = app.toUpperCase();
    const instance = this.#view().get(name);
    return instance && { name, instance };
  }

  withInstances(wanted: (instance: EurekaJson) => boolean): Application[] {
    return this.all()
      .map(({ name, instance }) => ({ name, instance: instance.filter(wanted) }))
      .filter(({ instance }) => instance.length > 0);
  }

  /** The record of an application's instance. */
  record(app: string, instanceId: string): ServiceRecord | undefined {
    return [instanceId, recordId(app, instanceId)]
      .map((id) => this.state.services.get(id))
      .find((record) => record && isOf(record, app, instanceId));
  }

  /** The id under which an instance is to be kept: its own, unless another application's instance has that. */
  idFor(app: string, instanceId: string): string {
    const holder = this.state.services.get(instanceId);
    return !holder || isOf(holder, app, instanceId) ? instanceId : recordId(app, instanceId);
  }

  /** How many instances are in which status, as clients count them to see whether they have missed a change. */
  hash(): string {
    const counts = new Map<string, number>();
    for (const instances of this.#view().values()) {
      for (const { status } of instances) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join('');
  }

  #view(): ReadonlyMap<string, EurekaJson[]> {
    const { changes, services } = this.state;
    if (this.#madeAt === changes.last) return this.#byApp;
    const byApp = new Map<string, EurekaJson[]>();
    for (const record of services.all()) {
      const app = appOf(record).toUpperCase();
      const json = eurekaJson(record, services.checksOf(record.id), indexOf(record, services.checksOf(record.id)));
      const instances = byApp.get(app);
      if (instances) instances.push(json);
      else byApp.set(app, [json]);
    }
    this.#byApp = byApp;
    this.#madeAt = changes.last;
    return byApp;
  }
}

/** The index of the last change of an instance or of what is known of its health. */
const indexOf = (record: ServiceRecord, checks: readonly CheckRecord[]): number =>
  Math.max(record.modifyIndex, ...checks.map(({ modifyIndex }) => modifyIndex));

const recordId = (app: string, instanceId: string): string => `${app.toUpperCase()}/${instanceId}`;

const isOf = (record: ServiceRecord, app: string, instanceId: string): boolean =>
  appOf(record).toUpperCase() === app.toUpperCase() && instanceIdOf(record) === instanceId;
