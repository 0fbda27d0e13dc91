export {
  type CatalogService,
  catalogProto,
  type Film,
  type GetFilmRequest,
  type GetFilmsRequest,
  type GetFilmsResponse,
  type ProtoPackage,
  type SearchFilmsRequest,
  type SearchFilmsResponse,
} from './catalog/catalog.ts';
export { type FilmChanged, filmChanged } from './catalog/film-changed.ts';
export { type OrderFulfilled, orderFulfilled } from './orders/order-fulfilled.ts';
export { type OrderPlaced, orderPlaced } from './orders/order-placed.ts';
export type { Payload, Topic } from './topic.ts';
