import { Module } from '@nestjs/common';
import { GatewayProcess } from './gateway-process.ts';

@Module({ providers: [GatewayProcess] })
export class GatewayModule {}
