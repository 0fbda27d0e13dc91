import { Controller, Get, Param, Put, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { z } from 'zod';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import type { CheckStatus } from '../domain/service-record.ts';
import { type Exchange, Exchanged, json, parameter } from './exchange.ts';
import { STREAM_HEADER, STREAM_PATH } from './heartbeat-streams.ts';
import { jsonBody } from './json-body.ts';
import { self } from './node.ts';
import { RefusalFilter } from './refusal-filter.ts';
import { agentServiceJson, healthCheckJson } from './service-json.ts';
import { serviceRegistration } from './service-registration.ts';

/** Consul cuts a check's output here. */
const MAX_OUTPUT_CHARS = 4_096;
const update = z.object({
  Status: z.enum(['passing', 'warning', 'critical'], 'must be passing, warning or critical'),
  Output: z.string().default(''),
});

/** /v1/agent: what an instance says of itself. */
@Public()
@Controller('v1/agent')
@UseFilters(RefusalFilter)
export class AgentController {
  constructor(private readonly state: RegistryState) {}

  @Get('self')
  self(@Exchanged() { response }: Exchange): string {
    return json(response, self());
  }

  @Get('services')
  services(@Exchanged() { response }: Exchange): string {
    return json(response, Object.fromEntries(this.state.services.all().map((it) => [it.id, agentServiceJson(it)])));
  }

  @Get('checks')
  checks(@Exchanged() { response }: Exchange): string {
    const { services } = this.state;
    const checks = services.checks().map((it) => [it.id, healthCheckJson(it, services.get(it.serviceId))]);
    return json(response, Object.fromEntries(checks));
  }

  @Get('service/:id')
  service(@Param('id') id: string, @Exchanged() { response }: Exchange): string {
    const service = this.state.services.get(id);
    if (!service) throw new Refusal(404, `unknown service ID: ${id.slice(0, 256)}`);
    return json(response, agentServiceJson(service));
  }

  @Put('service/register')
  register(@Exchanged() { request, response }: Exchange): void {
    this.state.services.register(jsonBody(request, serviceRegistration));
    response.header(STREAM_HEADER, STREAM_PATH);
  }

  @Put('service/deregister/:id')
  deregister(@Param('id') id: string): void {
    if (this.state.services.deregister(id)) return;
    throw new Refusal(
      404,
      `Unknown service ID "${id.slice(0, 256)}". Ensure that the service ID is passed, not the service name.`,
    );
  }

  @Put('check/pass/:id')
  pass(@Param('id') id: string, @Exchanged() { request }: Exchange): void {
    this.#report(id, 'passing', parameter(request, 'note'));
  }

  @Put('check/warn/:id')
  warn(@Param('id') id: string, @Exchanged() { request }: Exchange): void {
    this.#report(id, 'warning', parameter(request, 'note'));
  }

  @Put('check/fail/:id')
  fail(@Param('id') id: string, @Exchanged() { request }: Exchange): void {
    this.#report(id, 'critical', parameter(request, 'note'));
  }

  @Put('check/update/:id')
  update(@Param('id') id: string, @Exchanged() { request }: Exchange): void {
    const { Status, Output } = jsonBody(request, update);
    this.#report(id, Status, Output);
  }

  #report(id: string, status: CheckStatus, output = ''): void {
    this.state.services.report(id, status, output.slice(0, MAX_OUTPUT_CHARS));
  }
}
