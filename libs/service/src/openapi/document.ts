import type { INestApplication } from '@nestjs/common';
import { PROBLEM_MEDIA_TYPE } from '@rookery/observability';

export interface OpenApiFacts {
  title: string;
  version: string;
  description: string | undefined;
}

const PROBLEM = 'Problem';

const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string', description: 'Text of the HTTP status.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was expected, what came, how to mend it.' },
    code: { type: 'string', description: 'Stable code for programs.' },
    traceId: { type: 'string', description: 'What to look for in the logs.' },
    issues: {
      type: 'array',
      description: 'What is wrong with the request, where it is not valid.',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, expected: { type: 'string' }, received: { type: 'string' } },
      },
    },
  },
} as const;

/** The service's OpenAPI document, built when it is first asked for. */
export class OpenApiDocument {
  readonly #app: INestApplication;
  readonly #facts: OpenApiFacts;
  #text: Promise<string> | undefined;

  constructor(app: INestApplication, facts: OpenApiFacts) {
    this.#app = app;
    this.#facts = facts;
  }

  /** The document as JSON. */
  text(): Promise<string> {
    this.#text ??= build(this.#app, this.#facts);
    return this.#text;
  }
}

/** Every operation answers errors as problem details. */
async function build(app: INestApplication, facts: OpenApiFacts): Promise<string> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(facts.title)
    .setVersion(facts.version)
    .setDescription(facts.description ?? '')
    .addServer('/')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, [PROBLEM]: problemSchema as never },
    responses: {
      ...document.components?.responses,
      [PROBLEM]: {
        description: 'The request failed.',
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: `#/components/schemas/${PROBLEM}` } } },
      },
    },
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path)) as { security?: unknown[] }[];
  if (operations.some((operation) => operation?.security?.length)) {
    document.components.securitySchemes = {
      ...document.components.securitySchemes,
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'An access token: `npx rookery token`.',
      },
    };
  }
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as { responses?: Record<string, unknown> }[]) {
      if (operation?.responses) operation.responses.default ??= { $ref: `#/components/responses/${PROBLEM}` };
    }
  }
  return JSON.stringify(document);
}
