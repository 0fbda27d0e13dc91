import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { currentRequest, currentTraceId, RookeryError } from '@rookery/observability';
import { z } from 'zod';

const Order = z.object({
  filmId: z.string().min(3),
  items: z.array(z.object({ quantity: z.int().min(1) })).min(1),
  state: z.enum(['new', 'paid']).optional(),
});
const Page = z.object({ page: z.coerce.number().int().min(1).default(1) });

interface RawReply {
  raw?: RawReply;
  write(text: string): void;
  flushHeaders(): void;
}

/** Goes wrong in every way that a controller can. */
@Controller()
class FilmsController {
  @Get('films')
  list(@Query({ schema: Page }) query: z.infer<typeof Page>): object {
    return { items: [], page: query.page };
  }

  @Get('films/:id')
  find(@Param('id', { schema: z.uuid() }) id: string): object {
    return { id };
  }

  @Post('orders')
  order(@Body({ schema: Order }) order: z.infer<typeof Order>): object {
    return { ...order, traceId: currentTraceId(), request: currentRequest() };
  }

  @Post('echo')
  echo(@Body() body: unknown): object {
    return { body };
  }

  @Get('errors/ours')
  ours(): never {
    throw new RookeryError('FILMS_CLOSED', 'Films open at nine.', {
      status: 503,
      retryAfterMs: 1_200,
      details: { opens: '09:00', status: 200, code: 'OK' },
    });
  }

  @Get('errors/not-found')
  missing(): never {
    throw new NotFoundException('No film has the id 7.');
  }

  @Get('errors/extended')
  extended(): never {
    throw new ForbiddenException({ message: 'Members only.', membership: 'gold' });
  }

  @Get('errors/list')
  list400(): never {
    throw new HttpException({ message: ['one', 'two'] }, 422);
  }

  @Get('errors/unknown')
  unknown(): never {
    throw new TypeError('password of the database is swordfish');
  }

  @Get('errors/not-even-an-error')
  thrownText(): never {
    throw 'swordfish';
  }

  @Get('errors/syntax')
  syntax(): never {
    JSON.parse('{swordfish');
    throw new Error('unreachable');
  }

  @Get('errors/half-sent')
  halfSent(@Res() response: RawReply): never {
    const raw = response.raw ?? response;
    raw.flushHeaders();
    raw.write('half');
    throw new Error('too late');
  }
}

@Module({ controllers: [FilmsController] })
export class FilmsModule {}
