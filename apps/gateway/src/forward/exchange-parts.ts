import type { Outcome } from '../observe/request-reports.ts';
import type { Arrival } from '../request/arrival.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { RouteMatch } from '../routes/compiled-route.ts';
import type { RouteSet } from '../routes/route-set.ts';
import type { Target } from '../upstream/target.ts';
import type { Targets } from '../upstream/targets.ts';
import type { Deadlines } from './deadlines.ts';

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly arrival: Arrival;
  readonly head: RequestHead;
  readonly match: RouteMatch;
  /** Undefined where the route has filters: they may lead elsewhere, or answer. */
  readonly target: Target | undefined;
  readonly targets: Targets;
  readonly routes: RouteSet;
  readonly deadlines: Deadlines;
  readonly isDraining: () => boolean;
  /** Called once, when nothing more happens. */
  readonly done: (parts: ExchangeParts, outcome: Outcome) => void;
}
