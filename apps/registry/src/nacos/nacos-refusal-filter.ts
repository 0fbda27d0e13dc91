import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { Refusal } from '../domain/refusal.ts';
import type { Response } from '../http/exchange.ts';

/** Nacos' codes: a parameter is missing, is wrong; the token may not; there is no such thing; the server. */
const CODES: Readonly<Record<number, number>> = { 400: 20_002, 403: 10_001, 404: 20_004 };
const MISSING = 10_000;
const SERVER = 30_000;

/** Refusals leave as v2 of Nacos' API has them. */
@Catch(Refusal)
export class NacosRefusalFilter implements ExceptionFilter<Refusal> {
  catch({ status, message }: Refusal, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response & { send(body: string): unknown }>();
    const code = message.endsWith(' is required.') ? MISSING : (CODES[status] ?? SERVER);
    response.status(status);
    response.header('content-type', 'application/json');
    response.send(JSON.stringify({ code, message, data: null }));
  }
}
