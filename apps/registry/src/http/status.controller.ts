import { Controller, Get, Res } from '@nestjs/common';
import { Public } from '@rookery/security';
import { json, type Response } from './exchange.ts';

const LEADER = '127.0.0.1:8300';

/** /v1/status: this registry is its own leader. */
@Public()
@Controller('v1/status')
export class StatusController {
  @Get('leader')
  leader(@Res({ passthrough: true }) response: Response): string {
    return json(response, LEADER);
  }

  @Get('peers')
  peers(@Res({ passthrough: true }) response: Response): string {
    return json(response, [LEADER]);
  }
}
