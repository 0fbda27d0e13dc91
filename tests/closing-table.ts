/** What a run of all suites came to; skipped tests by name, so that nobody overlooks one. */
export interface Count {
  passed: number;
  failed: number;
  skipped: Array<{ suite: string; test: string }>;
}

/** Skipped tests grouped by suite, then the plain line that scripts read. */
export function closingTable({ passed, failed, skipped }: Count, { required }: { required: boolean }): string {
  const bySuite = Map.groupBy(skipped, ({ suite }) => suite);
  const lines = [...bySuite].flatMap(([suite, tests]) => [`  ${suite}`, ...tests.map(({ test }) => `    ${test}`)]);
  const heading = required
    ? 'Skipped, which ROOKERY_REQUIRE=all does not allow:'
    : 'Skipped, because what they run on was not found:';
  // With everything required, a skip is a failure in the counts as well as in the exit code.
  const counts = required
    ? `${passed} passed, ${failed + skipped.length} failed, 0 skipped`
    : `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
  return [...(lines.length > 0 ? [heading, ...lines] : []), counts].join('\n');
}
