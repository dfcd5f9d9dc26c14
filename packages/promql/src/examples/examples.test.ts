import { readdirSync, readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'

const folder = new URL('.', import.meta.url)
const readme = readFileSync(new URL('../../README.md', folder), 'utf8')
const examples = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))

test.each(examples)('%s prints what it says, and is in the README', async (name) => {
  const source = readFileSync(new URL(name, folder), 'utf8').trim()
  expect(readme).toContain(source)
  const expected = source
    .split('\n')
    .filter((line) => line.startsWith('// '))
    .map((line) => line.slice(3))
  const lines: string[] = []
  const log = vi
    .spyOn(console, 'log')
    .mockImplementation((...parts) => void lines.push(...parts.join(' ').split('\n')))
  try {
    await import(new URL(name, folder).href)
  } finally {
    log.mockRestore()
  }
  expect(lines).toEqual(expected)
})
