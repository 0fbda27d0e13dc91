import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import { CHECKS, serviceTopic } from '../domain/service-store.ts';
import { Blocking } from './blocking.ts';
import { flag, json, parameter, type Request, type Response } from './exchange.ts';
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
  async service(
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.blocking.query(request, response, { topic: serviceTopic(name) });
    const { services } = this.state;
    const tag = parameter(request, 'tag');
    const entries = services
      .ofName(name)
      .filter(({ tags }) => tag === undefined || tags.includes(tag))
      .map((service) => ({ service, checks: services.checksOf(service.id) }))
      .filter(({ checks }) => !flag(request, 'passing') || checks.every(({ status }) => status === 'passing'));
    return json(
      response,
      entries.map(({ service, checks }) => serviceEntryJson(service, checks)),
    );
  }

  @Get('checks/:name')
  async checks(
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.blocking.query(request, response, { topic: serviceTopic(name) });
    const { services } = this.state;
    const checks = services.ofName(name).flatMap((service) => {
      return services.checksOf(service.id).map((check) => healthCheckJson(check, service));
    });
    return json(response, checks);
  }

  @Get('state/:state')
  async inState(
    @Param('state') state: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    if (!STATES.includes(state)) throw new Refusal(400, `Invalid state: it must be one of ${STATES.join(', ')}`);
    await this.blocking.query(request, response, { topic: CHECKS });
    return json(
      response,
      this.#checks().filter(({ Status }) => state === 'any' || Status === state),
    );
  }

  @Get('node/:node')
  async node(
    @Param('node') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.blocking.query(request, response, { topic: CHECKS });
    return json(response, name === NODE_NAME ? this.#checks() : []);
  }

  #checks() {
    const { services } = this.state;
    return services.checks().map((check) => healthCheckJson(check, services.get(check.serviceId)));
  }
}
