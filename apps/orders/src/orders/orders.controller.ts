import { Body, Controller, Get, Headers, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresPermissions } from '@rookery/security';
import type { z } from 'zod';
import { idempotencyKey } from '../idempotency/idempotency-key.ts';
import { NewOrder, Order, OrderId, OrdersPage, OrdersQuery, PlacedOrder } from './order-schemas.ts';
import { Orders } from './orders.ts';
import { PlaceOrder } from './place-order.ts';

/** The part of Fastify's reply that is needed here. */
interface Reply {
  header(name: string, value: string): unknown;
}

@ApiTags('orders')
@ApiBearerAuth()
@Controller()
export class OrdersController {
  constructor(
    @Inject(Orders) private readonly orders: Orders,
    @Inject(PlaceOrder) private readonly placeOrder: PlaceOrder,
  ) {}

  @Post()
  @RequiresPermissions('order:create')
  @ApiOperation({
    summary: 'Place an order',
    description: 'Films are ids of the catalog: GET /api/catalog/films. The order is fulfilled soon after.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A key that came before with the same body is answered what it was answered then, and orders nothing.',
  })
  @ApiCreatedResponse({
    description: 'The order was placed.',
    standardSchema: PlacedOrder,
    headers: { Location: { description: 'Where the order is shown.', schema: { type: 'string' } } },
  })
  async place(
    @Body({ schema: NewOrder }) order: NewOrder,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PlacedOrder> {
    const placed = await this.placeOrder.place(order, idempotencyKey(key));
    reply.header('location', `/api/orders/${placed.id}`);
    return placed;
  }

  @Get()
  @RequiresPermissions('order:show')
  @ApiOperation({ summary: 'List orders', description: 'The newest first, without their items.' })
  @ApiOkResponse({ description: 'One page of the orders.', standardSchema: OrdersPage })
  list(@Query({ schema: OrdersQuery }) query: z.output<typeof OrdersQuery>): Promise<OrdersPage> {
    return this.orders.page(query);
  }

  @Get(':id')
  @RequiresPermissions('order:show')
  @ApiOperation({ summary: 'Show an order' })
  @ApiOkResponse({ description: 'The order; its status is placed, then fulfilled.', standardSchema: Order })
  show(@Param('id', { schema: OrderId }) id: string): Promise<Order> {
    return this.orders.byId(id);
  }
}
