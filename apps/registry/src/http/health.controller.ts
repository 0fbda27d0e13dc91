import { Controller, Get, Param, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import { CHECKS, serviceTopic } from '../domain/service-store.ts';
import { Blocking } from './blocking.ts';
import { type Exchange, Exchanged, flag, parameter } from './exchange.ts';
import { NODE_NAME } from './node.ts';
import { RefusalFilter } from './refusal-filter.ts';
import { healthCheckJson, serviceEntryJson } from './service-json.ts';

const STATES = ['any', 'passing', 'warning', 'critical'];

/** /v1/health: who is well. */
@Public()
@Controller('v1/health')
@UseFilters(RefusalFilter)
export class HealthController {
  constructor(
    private readonly state: RegistryState,
    private readonly blocking: Blocking,
  ) {}

  @Get('service/:name')
  service(@Param('name') name: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    const { services } = this.state;
    const tag = parameter(exchange.request, 'tag');
    const onlyPassing = flag(exchange.request, 'passing');
    return this.blocking.answer(exchange, { topic: serviceTopic(name) }, `health ${onlyPassing} ${tag}`, () =>
      services
        .ofName(name)
        .filter(({ tags }) => tag === undefined || tags.includes(tag))
        .map((service) => ({ service, checks: services.checksOf(service.id) }))
        .filter(({ checks }) => !onlyPassing || checks.every(({ status }) => status === 'passing'))
        .map(({ service, checks }) => serviceEntryJson(service, checks)),
    );
  }

  @Get('checks/:name')
  checks(@Param('name') name: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    const { services } = this.state;
    return this.blocking.answer(exchange, { topic: serviceTopic(name) }, 'checks', () =>
      services
        .ofName(name)
        .flatMap((service) => services.checksOf(service.id).map((check) => healthCheckJson(check, service))),
    );
  }

  @Get('state/:state')
  async inState(@Param('state') state: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    if (!STATES.includes(state)) throw new Refusal(400, `Invalid state: it must be one of ${STATES.join(', ')}`);
    return this.blocking.answer(exchange, { topic: CHECKS }, state, () =>
      this.#checks().filter(({ Status }) => state === 'any' || Status === state),
    );
  }

  @Get('node/:node')
  node(@Param('node') name: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: CHECKS }, `node ${name === NODE_NAME}`, () =>
      name === NODE_NAME ? this.#checks() : [],
    );
  }

  #checks() {
    const { services } = this.state;
    return services.checks().map((check) => healthCheckJson(check, services.get(check.serviceId)));
  }
}
