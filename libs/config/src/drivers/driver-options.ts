/** What every driver of a foreign place is given. */
export interface DriverOptions {
  url: string;
  service: string;
  home: string;
  waitMs?: number;
}

/** What of the options is for the source around the place. */
export const kept = ({ home, waitMs }: DriverOptions) => ({ home, ...(waitMs !== undefined && { waitMs }) });
