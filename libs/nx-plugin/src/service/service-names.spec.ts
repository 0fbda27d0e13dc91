import { describe, expect, it } from 'vitest';
import { itemProblem, nameProblem, serviceNames } from './service-names.ts';

describe('the name of a service', () => {
  it.each(['reviews', 'order-notes', 'a1', 'oauth2-clients', 'x'.repeat(40)])('may be %s', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each([
    '',
    undefined,
    7,
    'x',
    'Reviews',
    'order_notes',
    'orderNotes',
    '-notes',
    'notes-',
    'order--notes',
    '2fa',
    'a b',
    'a/b',
    '../etc',
    'a.b',
    '评论',
    'x'.repeat(41),
    'docs',
    'postgres',
    'api',
  ])('may not be %j, and one sentence says why', (name) => {
    expect(nameProblem(name)).toMatch(/^[^\n]+\.$/);
  });

  it('gives every spelling', () => {
    expect(serviceNames('order-notes')).toEqual({
      name: 'order-notes',
      className: 'OrderNotes',
      propertyName: 'orderNotes',
      words: 'order notes',
      table: 'order_notes',
      Item: 'OrderNote',
      item: 'orderNote',
      ITEM: 'ORDER_NOTE',
      itemFile: 'order-note',
      topic: 'order-note.requested',
      protoPackage: 'rookery.order_notes.v1',
    });
  });

  it.each([
    ['reviews', 'Review'],
    ['categories', 'Category'],
    ['boxes', 'Box'],
    ['stock', 'StockEntry'],
    ['status', 'StatusEntry'],
    ['progress', 'ProgressEntry'],
    ['maps', 'MapEntry'],
    ['queries', 'QueryEntry'],
    ['events', 'EventEntry'],
  ])('one of %s is a %s', (name, item) => {
    expect(serviceNames(name).Item).toBe(item);
  });

  it('may be told what one of them is called', () => {
    expect(serviceNames('movies', 'movie').Item).toBe('Movie');
    expect(itemProblem('movie', 'movies')).toBeUndefined();
    for (const item of ['Movie', 'map', 'movies', 'module']) expect(itemProblem(item, 'movies')).toMatch(/^[^\n]+\.$/);
  });
});
