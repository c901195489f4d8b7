import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const words = ['healthCheck', 'volumeMounts', 'environment', 'ewr'];

test.each([
  ['healthcheck', 'healthCheck'],
  ['volumMounts', 'volumeMounts'],
  ['enviroment', 'environment'],
  ['erw', 'ewr'],
  ['ewx', 'ewr'],
])('%s means %s', (typo, word) => {
  expect(nearest(typo, words)).toBe(word);
});

test.each(['port', 'zzz', ''])('%j is near nothing', (word) => {
  expect(nearest(word, words)).toBeUndefined();
});
