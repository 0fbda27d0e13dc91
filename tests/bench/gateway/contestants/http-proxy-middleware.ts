// http-proxy-middleware on express, with connections that are kept.
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const app = express();
app.disable('x-powered-by');
app.use(createProxyMiddleware({ target: process.argv[2] as string, agent }));
const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
