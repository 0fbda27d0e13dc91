import { z } from 'zod';
import { FilterSettings } from './filters/filter-settings.ts';
import { TlsSettings } from './protocols/tls/tls-settings.ts';
import { WebSocketSettings } from './protocols/websocket/websocket-settings.ts';
import { AddressRange } from './request/trusted-proxies.ts';
import { Routes } from './routes/route.ts';
import { strictObject } from './strict-object.ts';
import { UpstreamTlsSettings } from './upstream/upstream-tls.ts';

/** Everything about a gateway that can be set; `{}` is a working one. */
export const GatewaySettings = strictObject({
  routes: Routes,
  /** Filters of every route that does not name one of that kind by itself. */
  defaultFilters: z.array(FilterSettings).max(64).default([]),
  /** Proxies before the gateway whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  trustedProxies: z.array(AddressRange).max(1_000).default([]),
  /** Connections to one instance. */
  connectionsPerInstance: z.int().min(1).max(10_000).default(128),
  /** Requests to one instance that are under way or wait for a connection; more are refused. */
  maxInFlightPerInstance: z.int().min(1).max(100_000).default(1_024),
  connectTimeoutMs: z.int().min(1).max(60_000).default(1_000),
  /** Until a client has sent its headers. */
  headersTimeoutMs: z.int().min(1).max(600_000).default(10_000),
  /** Until a client has sent its whole request. */
  requestTimeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  /** Until an idle connection of a client is closed. */
  keepAliveTimeoutMs: z.int().min(1).max(600_000).default(65_000),
  /** Until a connection on which nothing moves either way is closed. */
  idleTimeoutMs: z.int().min(1).max(3_600_000).default(310_000),
  /** Headers of one request. */
  maxHeaders: z.int().min(10).max(1_000).default(100),
  /** TLS on a port of its own, HTTP/2 and HTTP/1.1; read when the process starts. */
  tls: TlsSettings.optional(),
  /** TLS to instances. */
  upstreamTls: UpstreamTlsSettings.optional(),
  websocket: WebSocketSettings.prefault({}),
  tracing: strictObject({
    /** Share of the traces that begin at the gateway whose spans others shall keep; a caller's trace is as he says. */
    sampleRatio: z.number().min(0).max(1).default(1),
  }).prefault({}),
  drainTimeoutMs: z.int().min(0).max(600_000).default(25_000),
});

export type GatewaySettings = z.infer<typeof GatewaySettings>;
