import type { ConnectionErrors } from './connection-errors.ts';

/** A client package that is an optional peer dependency; throws `missingClient` where it is not installed. */
export async function optionalClient<T>(
  packageName: string,
  load: () => Promise<T>,
  errors: ConnectionErrors,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message = '' } = error as { code?: string; message?: string };
    // Node names the package in quotes, and a missing file of it by its path.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${packageName}'`)) throw error;
    throw errors.missingClient(packageName, error);
  }
}
