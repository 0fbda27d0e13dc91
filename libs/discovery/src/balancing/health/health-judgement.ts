/** How many checks in a row turn an instance. */
export interface HealthRules {
  downAfter: number;
  upAfter: number;
}

/** What the checks of one instance have said. */
export interface CheckedHealth {
  isDown: boolean;
  /** Checks in a row that contradict that. */
  against: number;
}

/** An instance that was not checked yet counts as up: the registry says so. */
export const UNCHECKED: CheckedHealth = { isDown: false, against: 0 };

/** What is known after one more check. */
export function afterCheck({ isDown, against }: CheckedHealth, ok: boolean, rules: HealthRules): CheckedHealth {
  if (ok !== isDown) return { isDown, against: 0 };
  const now = against + 1;
  return now >= (isDown ? rules.upAfter : rules.downAfter) ? { isDown: !isDown, against: 0 } : { isDown, against: now };
}
