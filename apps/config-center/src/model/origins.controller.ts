import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { FORMATS, flatten } from '@rookery/config';
import { z } from 'zod';
import { Needs } from '../access/needs.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { placeOf } from './compose-release.ts';
import { ModelStore } from './model-store.ts';
import { OwnReader } from './own-reader.ts';
import { layersOf, type Own, placeText } from './resolution.ts';

const Origins = z.object({
  written: z
    .object({ settings: z.record(z.string(), z.unknown()), format: z.enum(FORMATS), content: z.string().nullable() })
    .nullable()
    .meta({ description: 'What was written for the key itself: what an edit starts from. Null where nothing was.' }),
  lookedFor: z.array(z.array(z.string())).meta({
    description: 'The layers, lowest first; in each the places, as group/namespace, of which the first counts.',
  }),
  origins: z.record(z.string(), z.string()).meta({ description: 'Which place each setting in force comes from.' }),
});

/** Where the settings of a key come from, by the model of its environment. */
@Needs('read')
@ApiTags('environments')
@Controller('api/config-center/settings/:namespace/:group/:service/origins')
export class OriginsController {
  constructor(
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(OwnReader) private readonly reader: OwnReader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Show what was written for a key, and where each of its settings comes from' })
  @ApiOkResponse({ description: 'The layers and the origins.', standardSchema: Origins })
  async show(@Param({ schema: SettingKey }) key: SettingKey): Promise<z.output<typeof Origins>> {
    const layers = layersOf(await this.models.of(key.namespace), placeOf(key));
    const found = await this.reader.read(key.namespace, layers.flat());
    const own = found.get(placeText(placeOf(key)));
    return {
      written: own ? { settings: own.settings, format: own.format, content: own.content } : null,
      lookedFor: layers.map((layer) => layer.map(placeText)),
      origins: originsOf(layers.map((layer) => layer.map((place) => found.get(placeText(place))).find(Boolean))),
    };
  }
}

/** Of a setting that several layers have, the highest; a list is one setting of one layer. */
function originsOf(layers: readonly (Own | undefined)[]): Record<string, string> {
  const origins = new Map<string, string>();
  for (const own of layers) {
    if (!own) continue;
    const paths = [...flatten(own.settings).keys()];
    const lists = new Set(paths.filter((path) => path.includes('[')).map((path) => path.slice(0, path.indexOf('['))));
    for (const known of origins.keys()) {
      if ([...lists, ...paths].some((path) => isWithin(known, path) || isWithin(path, known))) origins.delete(known);
    }
    for (const path of paths) origins.set(path, placeText(own.place));
  }
  return Object.fromEntries(origins);
}

const isWithin = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
