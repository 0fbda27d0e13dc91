/** What an environment declares about its groups and namespaces; what it does not declare stands alone. */
export interface EnvironmentModel {
  /** Declared groups, and the group that each falls back to. */
  readonly groups: ReadonlyMap<string, string | null>;
  readonly namespaces: ReadonlyMap<string, DeclaredNamespace>;
}

/** `private`: of one app; `public`: any namespace may inherit it; `associated`: of one app, over the public one. */
export const KINDS = ['private', 'public', 'associated'] as const;

export const RESOLVERS = ['server', 'client'] as const;

export interface DeclaredNamespace {
  readonly kind: (typeof KINDS)[number];
  readonly app: string | null;
  /** The public namespace below an associated one. */
  readonly inherits: string | null;
  /** Who resolves its placeholders: the centre when it is released, or the clients. Null: nobody looks at them. */
  readonly placeholders: (typeof RESOLVERS)[number] | null;
}

export const NOTHING_DECLARED: EnvironmentModel = { groups: new Map(), namespaces: new Map() };
