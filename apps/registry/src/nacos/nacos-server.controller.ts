import { Controller, Get, Inject, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { type Exchange, Exchanged, json } from '../http/exchange.ts';
import { RefusalFilter } from '../http/refusal-filter.ts';
import { NacosAnswers } from './nacos-answers.ts';

/** The version that clients may count on: the last of those that speak HTTP alone. */
const VERSION = '1.4.8';

/** What clients of Nacos ask of its servers, and of services as a whole. */
@Public()
@Controller('nacos/v1')
@UseFilters(RefusalFilter)
export class NacosServerController {
  constructor(@Inject(NacosAnswers) private readonly answers: NacosAnswers) {}

  @Get('ns/service')
  service(@Exchanged() { request, response }: Exchange): string {
    return json(response, this.answers.service(request));
  }

  @Get('ns/service/list')
  services(@Exchanged() { request, response }: Exchange): string {
    const { count, names } = this.answers.names(request);
    return json(response, { count, doms: names });
  }

  @Get('ns/operator/metrics')
  metrics(@Exchanged() { response }: Exchange): string {
    return json(response, this.answers.metrics());
  }

  /** The one that this is. */
  @Get('ns/operator/servers')
  servers(@Exchanged() { request, response }: Exchange): string {
    const { localAddress: ip, localPort: servePort } = request.raw.socket;
    return json(response, { servers: [{ ip, servePort, alive: true }] });
  }

  @Get('console/server/state')
  state(@Exchanged() { response }: Exchange): string {
    return json(response, { version: VERSION, standalone_mode: 'standalone', function_mode: 'naming' });
  }
}
