import { expect, test } from 'vitest'
import { prefixOf } from './prefix.ts'

test.each([
  ['/assets/index-a1.js', ''],
  ['/prom/assets/index-a1.js', '/prom'],
  ['/a/b/assets/index-a1.js', '/a/b'],
  ['/@vite/client', ''],
  ['/src/main.tsx', ''],
])('%s lies below %j', (path, prefix) => expect(prefixOf(path)).toBe(prefix))
