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

/** What the registry does itself to find out how an instance is. */
export interface Probe {
  target:
    | {
        kind: 'http';
        url: string;
        method: string;
        headers: Record<string, string[]>;
        body: string;
        anyCertificate: boolean;
      }
    | { kind: 'tcp'; host: string; port: number };
  intervalMs: number;
  timeoutMs: number;
  /** In a row, before the status changes. */
  successesBeforePassing: number;
  failuresBeforeCritical: number;
}

/** A check of an instance: one that reports by itself within a TTL, or one that is probed. Times are epoch ms. */
export interface CheckRecord {
  id: string;
  name: string;
  notes: string;
  status: CheckStatus;
  output: string;
  serviceId: string;
  /** 0 for a probed one, whose time does not run out. */
  ttlMs: number;
  probe?: Probe;
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
  probe?: Probe;
  deregisterAfterMs?: number;
}
