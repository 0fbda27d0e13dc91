import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresPermissions } from '@rookery/security';
import { Fulfilment, OrderId } from './fulfilment-schema.ts';
import { Fulfilments } from './fulfilments.ts';

@ApiTags('fulfilment')
@ApiBearerAuth()
@Controller('orders')
export class FulfilmentsController {
  constructor(@Inject(Fulfilments) private readonly fulfilments: Fulfilments) {}

  @Get(':orderId')
  @RequiresPermissions('order:show')
  @ApiOperation({ summary: 'Show what was done for an order', description: '404 while it is not fulfilled.' })
  @ApiOkResponse({ description: 'The fulfilment.', standardSchema: Fulfilment })
  show(@Param('orderId', { schema: OrderId }) orderId: string): Promise<Fulfilment> {
    return this.fulfilments.byOrder(orderId);
  }
}
