import { transcode } from '../protocols/transcoding/transcode.ts';
import { apiKey } from './api-key/api-key.ts';
import { auth } from './auth/auth.ts';
import { compression } from './compression/compression.ts';
import { concurrencyLimit } from './concurrency-limit/concurrency-limit.ts';
import { cors } from './cors/cors.ts';
import { custom } from './custom/custom.ts';
import { fault } from './fault/fault.ts';
import type { FilterKind } from './filter.ts';
import { requestHeaders } from './headers/request-headers.ts';
import { requestId } from './headers/request-id.ts';
import { responseHeaders } from './headers/response-headers.ts';
import { ipAllow, ipDeny } from './ip/ip.ts';
import { mirror } from './mirror/mirror.ts';
import { prefixPath } from './path/prefix-path.ts';
import { rewritePath } from './path/rewrite-path.ts';
import { setPath } from './path/set-path.ts';
import { stripPrefix } from './path/strip-prefix.ts';
import { ipRateLimit, rateLimit } from './rate-limit/rate-limit.ts';
import { redirect } from './redirect.ts';
import { responseCache } from './response-cache/response-cache.ts';
import { securityHeaders } from './security-headers/security-headers.ts';
import { transform } from './transform/transform.ts';

/**
 * Every kind of filter, by order: 0-99 the request's identity, CORS and access log; 100-199 who may (IP, token, API
 * key); 200-299 how much (rate); 300-399 answers without upstream (redirect, cache, fault), then how much at once; 400-499
 * what goes upstream and comes back (paths, headers, bodies). A custom filter is one file and one line here.
 */
export const FILTER_KINDS: readonly FilterKind[] = [
  apiKey,
  auth,
  compression,
  concurrencyLimit,
  cors,
  custom,
  fault,
  ipAllow,
  ipDeny,
  ipRateLimit,
  mirror,
  prefixPath,
  rateLimit,
  redirect,
  requestHeaders,
  requestId,
  responseCache,
  responseHeaders,
  rewritePath,
  securityHeaders,
  setPath,
  stripPrefix,
  transcode,
  transform,
] as readonly FilterKind[];
