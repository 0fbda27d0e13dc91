import { expect, it } from 'vitest';
import { chooseLanguage } from './language.ts';

it.each([
  [undefined, undefined, 'en'],
  [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  [undefined, 'de-DE, en;q=0.5, zh;q=0.7', 'zh'],
  [undefined, 'fr', 'en'],
  [undefined, 'zh;q=0, en', 'en'],
  [undefined, ';;;,q=,', 'en'],
  ['zh', 'en', 'zh'],
  ['EN', 'zh', 'en'],
  ['<script>', 'zh', 'zh'],
])('the switch says %j and the browser %j: the page speaks %s', (asked, accepted, language) => {
  expect(chooseLanguage(asked, accepted)).toBe(language);
});
