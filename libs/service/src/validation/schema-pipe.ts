import { type ArgumentMetadata, Injectable, StandardSchemaValidationPipe } from '@nestjs/common';
import { serviceErrors } from '../errors/service-errors.ts';
import { describeIssues, type SchemaIssue } from './issues.ts';

const PLACES: Record<string, string> = {
  body: 'The request',
  query: 'The query string',
  param: 'The path',
};

/**
 * Nest's own schema validation with our answer: which path, what was expected, what kind of value came. It runs wherever
 * a parameter has a schema: `@Body({ schema })`, `@Query({ schema })`, `@Param('id', { schema })`, `@Payload({ schema })`.
 */
@Injectable()
export class SchemaPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (!schema || !this.toValidate(metadata)) return value;
    this.stripProtoKeys(value);
    const result = await this.validate<T>(value, schema, this.validateOptions);
    if (!result.issues) return result.value;
    throw invalid(result.issues, value, metadata);
  }
}

function invalid(issues: readonly SchemaIssue[], value: unknown, { type, data }: ArgumentMetadata) {
  const described = describeIssues(issues, value).map((issue) =>
    typeof data === 'string' ? { ...issue, path: [data, issue.path].filter(Boolean).join('.') } : issue,
  );
  const [first] = described;
  const where = first?.path ? ` at ${first.path}` : '';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return serviceErrors.validation(
    `${PLACES[type] ?? 'The message'} is not valid${where}: expected ${first?.expected}, received ${first?.received}${more}.`,
    described,
  );
}
