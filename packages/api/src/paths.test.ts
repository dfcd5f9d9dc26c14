import { expect, test } from 'vitest'
import { PATHS } from './paths.ts'

test('each path and method has exactly one owner', () => {
  const owners = new Map<string, string>()
  const doubled: string[] = []
  for (const { path, methods, owner } of PATHS)
    for (const method of methods) {
      // A parameter's name does not tell two paths apart.
      const key = `${method} ${path.replace(/:\w+/g, ':')}`
      if (owners.has(key)) doubled.push(`${key}: ${owners.get(key)} and ${owner}`)
      owners.set(key, owner)
    }
  expect(doubled).toEqual([])
})
