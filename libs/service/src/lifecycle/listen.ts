import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { serviceErrors } from '../errors/service-errors.ts';

/** Listens, and answers where. */
export async function listen(app: INestApplication, host: string, port: number): Promise<AddressInfo> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw serviceErrors.portTaken('PORT', host, port);
    if (code?.startsWith('E')) throw serviceErrors.cannotListen(host, port, message);
    throw error;
  }
  return (app.getHttpServer() as Server).address() as AddressInfo;
}

/** `http://127.0.0.1:80`, `http://[::1]:80`. */
export const httpUrl = (address: string, port: number): string => `http://${authority(address, port)}`;

/** `127.0.0.1:80`, `[::1]:80`. */
export const authority = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
