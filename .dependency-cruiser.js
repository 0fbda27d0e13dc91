/** The import rules of docs/architecture.md. tests/lint shows that a forbidden import fails. */
const CONCERNS =
  'discovery|coordination|config|database|messaging|page-cache|resilience|rpc|security|contracts|service|cli|nx-plugin';

/** Ports that one concern may use of another; the importing library's README names each. */
const PORTS = {
  rpc: ['discovery', 'resilience'],
  messaging: ['database'],
};

const concernRules = CONCERNS.split('|')
  .filter((concern) => !['service', 'cli', 'nx-plugin'].includes(concern))
  .map((concern) => ({
    name: `${concern}-stands-alone`,
    comment: `libs/${concern} may use libs/observability, libs/connections${(PORTS[concern] ?? []).map((port) => ` and libs/${port}`).join('')}, no other library.`,
    severity: 'error',
    from: { path: `^libs/${concern}/` },
    to: {
      path: '^libs/',
      pathNot: `^libs/(observability|connections|${[concern, ...(PORTS[concern] ?? [])].join('|')})/`,
    },
  }));

export default {
  forbidden: [
    {
      name: 'no-app-imports-an-app',
      comment: 'Services meet through libs/contracts, never through each other.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-lib-imports-an-app',
      comment: 'Arrows point one way: apps -> libs/service -> concern libs -> libs/observability -> node.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(apps|tests)/' },
    },
    {
      name: 'specs-run-on-real-servers',
      comment: 'A spec of a library may start a server of tests/servers; it knows no app.',
      severity: 'error',
      from: { path: '^libs/.*\\.spec\\.ts$' },
      to: { path: '^(apps|tests)/', pathNot: '^tests/servers/' },
    },
    {
      name: 'observability-is-the-ground',
      comment: 'libs/observability imports no other library of the workspace.',
      severity: 'error',
      from: { path: '^libs/observability/' },
      to: { path: '^libs/', pathNot: '^libs/observability/' },
    },
    {
      name: 'connections-know-no-concern',
      comment: 'libs/connections imports no other library of the workspace.',
      severity: 'error',
      from: { path: '^libs/connections/' },
      to: { path: '^libs/', pathNot: '^libs/connections/' },
    },
    ...concernRules,
    {
      name: 'nothing-but-apps-and-tests-imports-service',
      comment: 'libs/service is where concerns meet; a concern must not know it.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/(service|nx-plugin)/' },
      to: { path: '^libs/service/' },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'A package that a project imports stands in its own package.json.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '\\.spec\\.ts$|/testing/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-circular',
      comment: 'A cycle hides which part is the base.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that cannot be resolved.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(apps|libs|tests)/.*\\bdist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['@rookery/source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
