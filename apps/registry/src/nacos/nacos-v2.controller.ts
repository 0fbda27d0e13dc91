import { Controller, Delete, Get, HttpCode, Inject, Post, Put, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { type Exchange, Exchanged, json, type Response } from '../http/exchange.ts';
import { NacosAnswers } from './nacos-answers.ts';
import { NacosRefusalFilter } from './nacos-refusal-filter.ts';

/** /nacos/v2/ns: Nacos' open API v2, whose answers stand in an envelope. */
@Public()
@Controller('nacos/v2/ns')
@UseFilters(NacosRefusalFilter)
export class NacosV2Controller {
  constructor(@Inject(NacosAnswers) private readonly answers: NacosAnswers) {}

  @Post('instance')
  @HttpCode(200)
  register(@Exchanged() { request, response }: Exchange): string {
    this.answers.register(request);
    return success(response, 'ok');
  }

  @Put('instance')
  update(@Exchanged() { request, response }: Exchange): string {
    this.answers.update(request);
    return success(response, 'ok');
  }

  @Delete('instance')
  deregister(@Exchanged() { request, response }: Exchange): string {
    this.answers.deregister(request);
    return success(response, 'ok');
  }

  /** The one answer that has no envelope in Nacos either. */
  @Put('instance/beat')
  beat(@Exchanged() { request, response }: Exchange): string {
    return json(response, this.answers.beat(request));
  }

  @Get('instance')
  detail(@Exchanged() { request, response }: Exchange): string {
    return success(response, this.answers.detail(request));
  }

  @Get('instance/list')
  async list(@Exchanged() { request, response }: Exchange): Promise<string> {
    return success(response, await this.answers.list(request));
  }

  @Get('service')
  service(@Exchanged() { request, response }: Exchange): string {
    const { namespaceId: namespace, name: serviceName, ...service } = this.answers.service(request);
    return success(response, { namespace, serviceName, ...service });
  }

  @Get('service/list')
  services(@Exchanged() { request, response }: Exchange): string {
    const { count, names: services } = this.answers.names(request);
    return success(response, { count, services });
  }

  @Get('operator/metrics')
  metrics(@Exchanged() { response }: Exchange): string {
    return success(response, this.answers.metrics());
  }
}

const success = (response: Response, data: unknown): string => json(response, { code: 0, message: 'success', data });
