import { expect, test } from 'vitest'
import { placeOfHash } from './hash-links.ts'

test.each([
  ['#/alerts', '/alerts/groups'],
  ['#/alerts?receiver=team%5C.x', '/alerts/groups?receiver=team%5C.x'],
  ['#/alerts?silenced=false&filter=%7Bjob%3D%22a%22%7D', '/alerts/groups?filter=job%3D%22a%22'],
  ['#/silences', '/alerts#silences-title'],
  ['#/silences/2f0c', '/alerts#silences-title'],
  ['#/silences/new', '/alerts?silence='],
  [
    '#/silences/new?filter=%7Bjob%3D%22a%22%2C%20x%3D~%22b%22%7D',
    '/alerts?silence=job%3D%22a%22%2C+x%3D%7E%22b%22',
  ],
  ['#/receivers', '/alerts/routing'],
  ['#/status', '/status'],
  ['#/other', undefined],
  ['#content', undefined],
  ['', undefined],
])('%s', (hash, place) => {
  expect(placeOfHash(hash)).toBe(place)
})
