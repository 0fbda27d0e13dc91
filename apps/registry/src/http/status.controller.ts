import { Controller, Get, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { type Exchange, Exchanged, json } from './exchange.ts';
import { RefusalFilter } from './refusal-filter.ts';

const LEADER = '127.0.0.1:8300';

/** /v1/status: this registry is its own leader. */
@Public()
@Controller('v1/status')
@UseFilters(RefusalFilter)
export class StatusController {
  @Get('leader')
  leader(@Exchanged() { response }: Exchange): string {
    return json(response, LEADER);
  }

  @Get('peers')
  peers(@Exchanged() { response }: Exchange): string {
    return json(response, [LEADER]);
  }
}
