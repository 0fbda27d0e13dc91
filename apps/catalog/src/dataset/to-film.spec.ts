import { describe, expect, it } from 'vitest';
import { readMovies } from './movies.ts';
import { repairText } from './repair-text.ts';
import { isoDate, priceCents, toFilm } from './to-film.ts';

const films = (await readMovies()).map(toFilm);

describe('the films of the data', () => {
  it('are 3,201 with stable ids', () => {
    expect(films).toHaveLength(3201);
    expect(new Set(films.map((film) => film.id)).size).toBe(3201);
    expect(films[0]).toMatchObject({ id: 'film-0001', title: 'The Land Girls', year: 1998, releaseDate: '1998-06-12' });
  });

  it('all have a title that is text, also those that the data has as a number or not at all', () => {
    expect(films.every((film) => film.title.length > 0)).toBe(true);
    expect(films.filter((film) => ['1941', '300', '9', 'Untitled'].includes(film.title))).toHaveLength(4);
  });

  it('all have a price in cents', () => {
    expect(films.every((film) => Number.isInteger(film.priceCents) && film.priceCents > 0)).toBe(true);
  });

  it('have no empty fields', () => {
    expect(films.flatMap((film) => Object.values(film)).filter((value) => value === null || value === '')).toEqual([]);
  });
});

describe('a price', () => {
  it.each([
    [null, 999],
    [6.1, 1099],
    [6.9, 1099],
    [9.2, 1399],
  ])('for the rating %j is %j', (rating, price) => {
    expect(priceCents(rating)).toBe(price);
  });
});

describe('a release date', () => {
  it.each([
    ['Jun 12 1998', '1998-06-12'],
    ['Feb 08 2015', '1915-02-08'],
    ['Nov 21 2046', '1946-11-21'],
    ['TBD', undefined],
    ['Foo 12 1998', undefined],
  ])('%j is %j', (text, date) => {
    expect(isoDate(text)).toBe(date);
  });
});

describe('text that was read in the wrong character set', () => {
  it.each([
    ['LÈon', 'Léon'],
    ["Le Fabuleux destin d'AmÈlie Poulain", "Le Fabuleux destin d'Amélie Poulain"],
    ['The Naked Gun 2Ω: The Smell of Fear', 'The Naked Gun 2½: The Smell of Fear'],
    ['Star Wars', 'Star Wars'],
    ['Alien³', 'Alien³'],
  ])('%s becomes %s', (broken, whole) => {
    expect(repairText(broken)).toBe(whole);
  });
});
