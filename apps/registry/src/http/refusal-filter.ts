import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { Refusal } from '../domain/refusal.ts';

/** Refusals leave as Consul's errors do: a status and one line of text. */
@Catch(Refusal)
export class RefusalFilter implements ExceptionFilter<Refusal> {
  catch({ status, message }: Refusal, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { header(name: string, value: string): { send(body: string): unknown } };
    }>();
    response.status(status).header('content-type', 'text/plain; charset=utf-8').send(message);
  }
}
