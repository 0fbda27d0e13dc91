import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { RegistryState } from '../domain/registry-state.ts';
import { SERVICES, serviceTopic } from '../domain/service-store.ts';
import { Blocking, DATACENTER } from './blocking.ts';
import { json, parameter, type Request, type Response } from './exchange.ts';
import { node } from './node.ts';
import { RefusalFilter } from './refusal-filter.ts';
import { catalogServiceJson } from './service-json.ts';

/** /v1/catalog: who is registered, well or not. */
@Public()
@Controller('v1/catalog')
@UseFilters(RefusalFilter)
export class CatalogController {
  constructor(
    private readonly state: RegistryState,
    private readonly blocking: Blocking,
  ) {}

  @Get('datacenters')
  datacenters(@Res({ passthrough: true }) response: Response): string {
    return json(response, [DATACENTER]);
  }

  @Get('nodes')
  async nodes(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    await this.blocking.query(request, response, { topic: 'nodes' });
    return json(response, [node(1)]);
  }

  @Get('services')
  async services(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    await this.blocking.query(request, response, { topic: SERVICES });
    return json(response, Object.fromEntries(this.state.services.names()));
  }

  @Get('service/:name')
  async service(
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.blocking.query(request, response, { topic: serviceTopic(name) });
    const tag = parameter(request, 'tag');
    const services = this.state.services.ofName(name).filter(({ tags }) => tag === undefined || tags.includes(tag));
    return json(response, services.map(catalogServiceJson));
  }
}
