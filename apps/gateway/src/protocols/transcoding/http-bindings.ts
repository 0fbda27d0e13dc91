import { RookeryError } from '@rookery/observability';
import protobuf from 'protobufjs';
import { type PathTemplate, readPathTemplate } from './path-template.ts';

/** One way to call a method by HTTP. */
export interface HttpBinding {
  readonly verb: string;
  readonly template: PathTemplate;
  /** Field that the request's body is; `*` for the whole message, undefined where there is no body. */
  readonly body: string | undefined;
  /** Field that is answered instead of the whole message. */
  readonly responseBody: string | undefined;
  /** `/package.Service/Method`. */
  readonly rpcPath: string;
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
  readonly streams: boolean;
}

interface HttpRule {
  get?: string;
  put?: string;
  post?: string;
  delete?: string;
  patch?: string;
  custom?: { kind: string; path: string };
  body?: string;
  response_body?: string;
  additional_bindings?: HttpRule | HttpRule[];
}

const VERBS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** A binding, and what stands in the path for its variables. */
export interface HttpMatch {
  readonly binding: HttpBinding;
  readonly values: readonly { path: readonly string[]; value: string }[];
}

export interface BindingOptions {
  /** Full names; all services of the files when not given. */
  services?: readonly string[] | undefined;
  /** Methods without an annotation answer to POST /package.Service/Method. */
  autoMapping: boolean;
}

/** The methods of gRPC services by the HTTP requests that lead to them. */
export class HttpBindings {
  readonly #byVerb: Map<string, HttpBinding[]>;
  /** How many ways there are. */
  readonly count: number;

  constructor(root: protobuf.Root, options: BindingOptions) {
    const services = servicesOf(root).filter(
      ({ fullName }) => options.services?.includes(fullName.slice(1)) ?? !fullName.startsWith('.grpc.'),
    );
    const missing = options.services?.filter((name) => !services.some(({ fullName }) => fullName === `.${name}`)) ?? [];
    if (missing.length > 0) throw refused(`no service is named ${missing.join(', ')}`);
    const all = services.flatMap((service) => service.methodsArray.flatMap((method) => bindingsOf(method, options)));
    if (all.length === 0)
      throw refused('no method has a google.api.http annotation; set autoMapping to call them by name');
    this.count = all.length;
    this.#byVerb = Map.groupBy(all, ({ verb }) => verb);
    for (const bindings of this.#byVerb.values()) bindings.sort((a, b) => b.template.literals - a.template.literals);
  }

  find(verb: string, path: string): HttpMatch | undefined {
    for (const binding of this.#byVerb.get(verb) ?? []) {
      const match = binding.template.pattern.exec(path);
      if (!match) continue;
      const values = binding.template.fields.map(({ path, whole }, at) => {
        const text = match[at + 1] as string;
        return { path, value: whole ? text.split('/').map(decodeURIComponent).join('/') : decodeURIComponent(text) };
      });
      return { binding, values };
    }
    return undefined;
  }

  /** Verbs that lead somewhere from this path. */
  verbsOf(path: string): string[] {
    return [...this.#byVerb.keys()].filter((verb) => this.find(verb, path));
  }
}

function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace ? servicesOf(nested) : [];
  });
}

function bindingsOf(method: protobuf.Method, { autoMapping }: BindingOptions): HttpBinding[] {
  const { resolvedRequestType: request, resolvedResponseType: response, parent } = method;
  // A client cannot stream into a call by HTTP and JSON.
  if (!request || !response || !parent || method.requestStream) return [];
  const service = parent.fullName.slice(1);
  const parsed = (method.parsedOptions ?? []) as { '(google.api.http)'?: HttpRule }[];
  const rules = parsed.flatMap((option) => option['(google.api.http)'] ?? []);
  const all = rules.flatMap((rule) => [rule, ...[rule.additional_bindings ?? []].flat()]);
  if (all.length === 0 && autoMapping) all.push({ post: `/${service}/${method.name}`, body: '*' });
  return all.map((rule) => {
    const verb = VERBS.find((name) => rule[name] !== undefined);
    const path = verb ? rule[verb] : rule.custom?.path;
    if (path === undefined) throw refused(`${service}.${method.name} has an annotation without a path`);
    const template = templateOf(path, `${service}.${method.name}`);
    const where = `${service}.${method.name}`;
    for (const { path: field } of template.fields)
      if (!fieldOf(request, field)) throw refused(`${where} has no field ${field.join('.')}`);
    const body = rule.body || undefined;
    if (body && body !== '*' && !fieldOf(request, [body])) throw refused(`${where} has no field ${body}`);
    return {
      verb: (verb ?? rule.custom?.kind ?? '').toUpperCase(),
      template,
      body,
      responseBody: rule.response_body || undefined,
      rpcPath: `/${service}/${method.name}`,
      request,
      response,
      streams: method.responseStream === true,
    };
  });
}

function templateOf(path: string, where: string): PathTemplate {
  try {
    return readPathTemplate(path);
  } catch (error) {
    throw refused(`${where}: ${(error as Error).message}`);
  }
}

/** The field that a path of names leads to, each as the file writes it or in lowerCamelCase. */
export function fieldOf(type: protobuf.Type, [first, ...rest]: readonly string[]): protobuf.Field | undefined {
  if (first === undefined) return undefined;
  const field = type.fields[first] ?? type.fields[protobuf.util.camelCase(first)];
  if (!field || rest.length === 0) return field ?? undefined;
  return field.resolvedType instanceof protobuf.Type ? fieldOf(field.resolvedType, rest) : undefined;
}

const refused = (reason: string) =>
  new RookeryError('GATEWAY_PROTO', `The protobuf files cannot be called by HTTP: ${reason}.`);
