export type CheckStatus = 'passing' | 'warning' | 'critical';

/** A registered instance, as the agent keeps it. */
export interface ServiceRecord {
  id: string;
  name: string;
  tags: string[];
  address: string;
  port: number;
  meta: Record<string, string>;
  weights: { passing: number; warning: number };
  /** What a client of another protocol said beyond this, for those that speak it: `eureka.vip: orders`. */
  foreign?: Readonly<Record<string, string>>;
  createIndex: number;
  modifyIndex: number;
}

/** A TTL check of an instance. Times are epoch ms. */
export interface CheckRecord {
  id: string;
  name: string;
  notes: string;
  status: CheckStatus;
  output: string;
  serviceId: string;
  ttlMs: number;
  /** When it turns critical unless it is reported on. */
  dueAtMs: number;
  /** How long the instance stays when the check is critical; for ever when not given. */
  deregisterAfterMs?: number;
  criticalSinceMs?: number;
  createIndex: number;
  modifyIndex: number;
}

/** What is asked for at registration. */
export interface ServiceRegistration {
  id: string;
  name: string;
  tags: string[];
  address: string;
  port: number;
  meta: Record<string, string>;
  weights: { passing: number; warning: number };
  foreign?: Readonly<Record<string, string>>;
  checks: CheckRegistration[];
}

export interface CheckRegistration {
  id?: string;
  name?: string;
  notes?: string;
  status?: CheckStatus;
  ttlMs: number;
  deregisterAfterMs?: number;
}
