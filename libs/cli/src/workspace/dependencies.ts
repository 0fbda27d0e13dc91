import type { Project } from './projects.ts';

/** The projects and all that they import, transitively; a project stands after what it imports. */
export function withDependencies<P extends Project>(roots: readonly P[], projects: readonly P[]): P[] {
  const byName = new Map(projects.map((project) => [project.packageName, project]));
  const ordered = new Set<P>();
  const visiting = new Set<P>();
  const visit = (project: P) => {
    if (ordered.has(project) || visiting.has(project)) return;
    visiting.add(project);
    for (const name of project.dependencies) {
      const dependency = byName.get(name);
      if (dependency) visit(dependency);
    }
    ordered.add(project);
  };
  roots.forEach(visit);
  return [...ordered];
}

/** The apps that run code of any of the changed projects. */
export function affectedApps(changed: ReadonlySet<string>, projects: readonly Project[]): string[] {
  return projects
    .filter((project) => project.app)
    .filter((project) => withDependencies([project], projects).some(({ packageName }) => changed.has(packageName)))
    .map((project) => project.name);
}
