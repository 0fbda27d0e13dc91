import { Controller, Get, Param, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { RegistryState } from '../domain/registry-state.ts';
import { SERVICES, serviceTopic } from '../domain/service-store.ts';
import { Blocking, DATACENTER } from './blocking.ts';
import { type Exchange, Exchanged, json, parameter } from './exchange.ts';
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
  datacenters(@Exchanged() { response }: Exchange): string {
    return json(response, [DATACENTER]);
  }

  @Get('nodes')
  nodes(@Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: 'nodes' }, '', () => [node(1)]);
  }

  @Get('services')
  services(@Exchanged() exchange: Exchange): Promise<Buffer> {
    return this.blocking.answer(exchange, { topic: SERVICES }, '', () =>
      Object.fromEntries(this.state.services.names()),
    );
  }

  @Get('service/:name')
  service(@Param('name') name: string, @Exchanged() exchange: Exchange): Promise<Buffer> {
    const tag = parameter(exchange.request, 'tag');
    return this.blocking.answer(exchange, { topic: serviceTopic(name) }, `catalog ${tag}`, () =>
      this.state.services
        .ofName(name)
        .filter(({ tags }) => tag === undefined || tags.includes(tag))
        .map(catalogServiceJson),
    );
  }
}
