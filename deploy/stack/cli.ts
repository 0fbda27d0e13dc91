/** Parts of the command that the stack shares, from their sources: nothing has to be built before `npm run stack`. */
export { variablePrefix } from '../../libs/cli/src/plan/ports.ts';
export { binaries } from '../../libs/cli/src/postgres/binaries.ts';
export { commandAs, databaseUser } from '../../libs/cli/src/postgres/os-user.ts';
