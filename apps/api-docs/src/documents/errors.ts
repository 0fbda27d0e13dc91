import { RookeryError } from '@rookery/observability';

/** Why a service's OpenAPI document is not at hand. */
export type DocumentProblem =
  | 'DOCS_TIMEOUT'
  | 'DOCS_UNREACHABLE'
  | 'DOCS_STATUS'
  | 'DOCS_TOO_LARGE'
  | 'DOCS_NOT_OPENAPI'
  | 'DOCS_BAD_PATH';

/** A document that could not be read: `code` says why, `message` says it in a sentence. */
export class DocumentError extends RookeryError {
  constructor(
    override readonly code: DocumentProblem,
    message: string,
    cause?: unknown,
  ) {
    super(code, message, { status: 502, cause });
  }
}
