import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Tree } from '@nx/devkit';
import type { JsonSchema } from './zod-source.ts';

const DEADLINE_MS = 5_000;

/** The parts of an OpenAPI 3 document that a client is made of. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, JsonSchema> };
}

export interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: Array<{ name: string; in: string; required?: boolean; schema?: JsonSchema }>;
  requestBody?: { content?: Record<string, { schema?: JsonSchema }> };
  responses?: Record<string, { content?: Record<string, { schema?: JsonSchema }> }>;
}

/** @param source a file, relative to the workspace, or a URL */
export async function readDocument(tree: Tree, source: string): Promise<OpenApiDocument> {
  let document: unknown;
  try {
    document = JSON.parse(await textOf(tree, source));
  } catch (error) {
    throw new Error(`${source} is no OpenAPI document that can be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (typeof (document as OpenApiDocument | null)?.paths !== 'object') {
    throw new Error(`${source} is no OpenAPI document: it has no paths.`);
  }
  return document as OpenApiDocument;
}

async function textOf(tree: Tree, source: string): Promise<string> {
  if (!/^https?:/.test(source)) return tree.read(source, 'utf8') ?? readFileSync(resolve(tree.root, source), 'utf8');
  const response = await fetch(source, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!response.ok) throw new Error(`it was answered ${response.status}`);
  return response.text();
}
