import { Controller, Delete, HttpCode, Param, Post, Put, UseFilters } from '@nestjs/common';
import { GRPC_PORT } from '@rookery/discovery/metadata-keys';
import { Public } from '@rookery/security';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import type { ServiceRecord } from '../domain/service-record.ts';
import { type Exchange, Exchanged, parameter } from '../http/exchange.ts';
import { RefusalFilter } from '../http/refusal-filter.ts';
import { metaOf, plainFacts } from '../interop/plain-facts.ts';
import { Applications } from './applications.ts';
import { instanceOf } from './eureka-body.ts';
import { isOfEureka } from './eureka-instance.ts';
import { EUREKA_PATHS } from './eureka-paths.ts';
import { toRegistration } from './eureka-registration.ts';
import {
  checkStatusOf,
  type EurekaStatus,
  OVERRIDE,
  overrideOf,
  ownStatus,
  shownStatus,
  statusOf,
} from './eureka-status.ts';

/** /eureka/apps: what an instance, or an operator, says of it in Eureka's way. */
@Public()
@Controller(EUREKA_PATHS.map((path) => `${path}/apps/:app`))
@UseFilters(RefusalFilter)
export class EurekaWriteController {
  constructor(
    private readonly state: RegistryState,
    private readonly applications: Applications,
  ) {}

  @Post()
  @HttpCode(204)
  register(@Param('app') app: string, @Exchanged() { request }: Exchange): void {
    const body = instanceOf(request);
    if (body.app.toUpperCase() !== app.toUpperCase()) {
      throw new Refusal(400, `Mismatched application name, expecting ${app.slice(0, 128)} but was ${body.app}`);
    }
    const { registration, instanceId, own } = toRegistration(body);
    if (instanceId === '') throw new Refusal(400, 'Missing instanceId and hostName');
    const known = this.applications.record(app, instanceId);
    const id = this.applications.idFor(app, instanceId);
    const override = known && overrideOf(known);
    const foreign = {
      ...registration.foreign,
      ...(id === instanceId ? {} : { 'eureka.id': instanceId }),
      ...(override === undefined ? {} : { [OVERRIDE]: override }),
    };
    this.state.services.register({
      ...registration,
      id,
      foreign,
      checks: registration.checks.map((check) => ({
        ...check,
        status: checkStatusOf(shownStatus(own, override)),
      })),
    });
    this.#report(id, own, override);
  }

  /** The renewal of a lease. */
  @Put(':id')
  renew(@Param('app') app: string, @Param('id') id: string, @Exchanged() { request }: Exchange): void {
    const record = this.#findOwn(app, id);
    const checks = this.state.services.checksOf(record.id);
    const said = parameter(request, 'status');
    const expired = checks.some(({ status }) => status === 'critical');
    // A renewal without a status is of an instance that is as it was.
    const own = said ? statusOf(said) : expired ? 'UP' : ownStatus(checks);
    this.#report(record.id, own, overrideOf(record));
  }

  @Delete(':id')
  cancel(@Param('app') app: string, @Param('id') id: string): void {
    this.state.services.deregister(this.#find(app, id).id);
  }

  @Put(':id/status')
  override(@Param('app') app: string, @Param('id') id: string, @Exchanged() { request }: Exchange): void {
    this.#setOverride(this.#findOwn(app, id), statusOf(parameter(request, 'value')));
  }

  /** `value` is what the instance is without the override. */
  @Delete(':id/status')
  endOverride(@Param('app') app: string, @Param('id') id: string, @Exchanged() { request }: Exchange): void {
    const value = parameter(request, 'value');
    this.#setOverride(this.#findOwn(app, id), undefined, value ? statusOf(value) : undefined);
  }

  @Put(':id/metadata')
  metadata(@Param('app') app: string, @Param('id') id: string, @Exchanged() { request }: Exchange): void {
    const record = this.#find(app, id);
    const facts = plainFacts(record);
    const { [GRPC_PORT]: grpcPort, weight, zone, ...given } = textsOf(request.query);
    this.#register({
      ...record,
      meta: metaOf({
        ...facts,
        ...(Number(weight) >= 0 ? { weight: Number(weight) } : {}),
        ...(zone === undefined ? {} : { zone }),
        ...(grpcPort === undefined ? {} : { grpcPort }),
        metadata: { ...facts.metadata, ...given },
      }),
    });
  }

  #setOverride(record: ServiceRecord, override: EurekaStatus | undefined, own = this.#ownOf(record)): void {
    const { [OVERRIDE]: _, ...foreign } = record.foreign ?? {};
    this.#register({ ...record, foreign: override === undefined ? foreign : { ...foreign, [OVERRIDE]: override } });
    this.#report(record.id, own, override);
  }

  /** With the checks as they are. */
  #register({ createIndex: _, modifyIndex: __, ...facts }: ServiceRecord): void {
    const checks = this.state.services.checksOf(facts.id);
    this.state.services.register({ ...facts, checks });
    for (const { id, status, output } of checks) this.state.services.report(id, status, output);
  }

  /** Sets every check of the instance, which counts as its heartbeat too. */
  #report(id: string, own: EurekaStatus, override: EurekaStatus | undefined): void {
    const status = checkStatusOf(shownStatus(own, override));
    for (const check of this.state.services.checksOf(id)) {
      this.state.services.report(check.id, status, status === 'passing' && own === 'UP' ? '' : own);
    }
  }

  #ownOf(record: ServiceRecord): EurekaStatus {
    return ownStatus(this.state.services.checksOf(record.id));
  }

  #find(app: string, id: string): ServiceRecord {
    const record = this.applications.record(app, id);
    if (!record) throw new Refusal(404, 'no such instance');
    return record;
  }

  /** One that registered here: whether another protocol's instance is well, its own heartbeat says. */
  #findOwn(app: string, id: string): ServiceRecord {
    const record = this.#find(app, id);
    if (!isOfEureka(record)) throw new Refusal(404, 'this instance is registered through another protocol');
    return record;
  }
}

const textsOf = (query: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => {
      const text = Array.isArray(value) ? value[0] : value;
      return text === undefined || key === '__proto__' ? [] : [[key, text]];
    }),
  );
