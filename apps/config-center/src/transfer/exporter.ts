import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { errors } from '../errors.ts';
import { readOwn } from '../model/own-rows.ts';
import type { ConfigDatabase } from '../tables.ts';
import { EXPORT_VERSION, type ExportDocument, MOST_SETTINGS } from './export-document.ts';

/** Writes what is declared and written in an environment into one document. */
@Injectable()
export class Exporter {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  /** All of it is of one moment. */
  export(
    environment: string,
    only: { group?: string | undefined; namespace?: string | undefined },
  ): Promise<ExportDocument> {
    return this.database.kysely
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (trx) => {
        const { group, namespace } = only;
        const places = await trx
          .selectFrom('setting_releases')
          .select(['group_name as group', 'service as name'])
          .distinct()
          .where('namespace', '=', environment)
          .$if(group !== undefined, (query) => query.where('group_name', '=', group ?? ''))
          .$if(namespace !== undefined, (query) => query.where('service', '=', namespace ?? ''))
          .orderBy('group_name')
          .orderBy('service')
          .limit(MOST_SETTINGS + 1)
          .execute();
        if (places.length > MOST_SETTINGS) throw errors.transferTooLarge(`more than ${MOST_SETTINGS} settings`);
        const own = await readOwn(trx, environment, places);
        const schemas = await trx
          .selectFrom('setting_schemas')
          .select(['group_name', 'service', 'schema'])
          .where('namespace', '=', environment)
          .execute();
        const schemaOf = new Map(schemas.map((row) => [`${row.group_name}/${row.service}`, row.schema]));
        const groups = await trx
          .selectFrom('config_groups')
          .select(['name', 'falls_back_to as fallsBackTo', 'description'])
          .where('environment', '=', environment)
          .orderBy('name')
          .execute();
        const namespaces = await trx
          .selectFrom('config_namespaces')
          .select(['name', 'kind', 'app', 'inherits', 'placeholders', 'description'])
          .where('environment', '=', environment)
          .orderBy('name')
          .execute();
        return {
          rookeryConfig: EXPORT_VERSION,
          environment,
          exportedAt: new Date().toISOString(),
          groups: groups.filter(({ name }) => group === undefined || name === group),
          namespaces: namespaces.filter(({ name }) => namespace === undefined || name === namespace),
          settings: [...own].map(([text, { place, version, format, content, settings }]) => {
            const schema = schemaOf.get(text);
            const written = content === null ? { settings } : { content };
            return {
              group: place.group,
              namespace: place.name,
              format,
              version,
              ...written,
              ...(schema && { schema }),
            };
          }),
        };
      });
  }
}
