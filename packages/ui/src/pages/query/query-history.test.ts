import { expect, test } from 'vitest'
import { HistoryCursor, recentExpressions, rememberExpression, type Store } from './query-history.ts'

function storeOf(initial?: string): Store {
  let kept: string | null = initial ?? null
  return { getItem: () => kept, setItem: (_key, value) => void (kept = value) }
}

test('newest first, each once, at most fifty', () => {
  const store = storeOf()
  for (let i = 0; i < 60; i++) rememberExpression(store, `up{i="${i}"}`)
  rememberExpression(store, '  up{i="20"} ')
  rememberExpression(store, ' ')
  const kept = recentExpressions(store)
  expect(kept).toHaveLength(50)
  expect(kept.slice(0, 2)).toEqual(['up{i="20"}', 'up{i="59"}'])
  expect(new Set(kept).size).toBe(50)
})

test.each(['not json', '{}', '[1,"up"]'])('a store with %s does no harm', (text) =>
  expect(recentExpressions(storeOf(text))).toEqual(text.includes('up') ? ['up'] : []),
)

test('up goes back, down comes forth, and a text of one’s own is left alone', () => {
  const cursor = new HistoryCursor(() => ['c', 'b'])
  expect(cursor.step(1, '')).toBe('c')
  expect(cursor.step(1, 'c')).toBe('b')
  expect(cursor.step(1, 'b')).toBeUndefined()
  expect(cursor.step(-1, 'b')).toBe('c')
  expect(cursor.step(-1, 'c')).toBe('')
  expect(cursor.step(-1, '')).toBeUndefined()
  expect(cursor.step(1, 'my own')).toBeUndefined()
})
