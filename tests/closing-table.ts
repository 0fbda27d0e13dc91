export interface NamedTest {
  suite: string;
  test: string;
}

/** What a run of all suites came to; tests that did not run by name, so that nobody overlooks one. */
export interface Count {
  passed: number;
  failed: number;
  skipped: NamedTest[];
  /** Contract cases that the engine itself cannot do: nothing that a machine could be given would run them. */
  lacking: NamedTest[];
}

/** Tests that did not run grouped by suite, then the plain line that scripts read. */
export function closingTable({ passed, failed, skipped, lacking }: Count, { required }: { required: boolean }): string {
  const heading = required
    ? 'Skipped, which ROOKERY_REQUIRE=all does not allow:'
    : 'Skipped, because what they run on was not found:';
  // With everything required, a skip is a failure in the counts as well as in the exit code.
  const counts = required
    ? `${passed} passed, ${failed + skipped.length} failed, 0 skipped`
    : `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
  return [...listed('Not asked of an engine that cannot do it:', lacking), ...listed(heading, skipped), counts].join(
    '\n',
  );
}

function listed(heading: string, tests: readonly NamedTest[]): string[] {
  if (tests.length === 0) return [];
  const bySuite = Map.groupBy(tests, ({ suite }) => suite);
  return [heading, ...[...bySuite].flatMap(([suite, own]) => [`  ${suite}`, ...own.map(({ test }) => `    ${test}`)])];
}
