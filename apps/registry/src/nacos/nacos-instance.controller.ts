import { Controller, Delete, Get, HttpCode, Inject, Post, Put, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { type Exchange, Exchanged, json, type Response } from '../http/exchange.ts';
import { RefusalFilter } from '../http/refusal-filter.ts';
import { NacosAnswers } from './nacos-answers.ts';

/** /nacos/v1/ns/instance: Nacos' open API v1, which its clients up to 1.x speak, and those of other languages. */
@Public()
@Controller('nacos/v1/ns/instance')
@UseFilters(RefusalFilter)
export class NacosInstanceController {
  constructor(@Inject(NacosAnswers) private readonly answers: NacosAnswers) {}

  @Post()
  @HttpCode(200)
  register(@Exchanged() { request, response }: Exchange): string {
    this.answers.register(request);
    return ok(response);
  }

  @Put()
  update(@Exchanged() { request, response }: Exchange): string {
    this.answers.update(request);
    return ok(response);
  }

  @Delete()
  deregister(@Exchanged() { request, response }: Exchange): string {
    this.answers.deregister(request);
    return ok(response);
  }

  @Put('beat')
  beat(@Exchanged() { request, response }: Exchange): string {
    return json(response, this.answers.beat(request));
  }

  @Get()
  detail(@Exchanged() { request, response }: Exchange): string {
    const { serviceName, ...detail } = this.answers.detail(request);
    return json(response, { service: serviceName, ...detail });
  }

  @Get('list')
  async list(@Exchanged() { request, response }: Exchange): Promise<string> {
    return json(response, await this.answers.list(request));
  }
}

function ok(response: Response): string {
  response.header('content-type', 'text/plain; charset=utf-8');
  return 'ok';
}
