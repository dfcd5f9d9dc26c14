import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

/** As a page would load it: what only Node has is an error. */
async function gzippedKilobytes(door: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(door, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  })
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1000
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test.each([
  ['@promontory/promql', './index.ts'],
  ['@promontory/promql/parser', './parser/index.ts'],
])('%s is bundled for browsers, as large as the README says', async (name, door) => {
  const told = new RegExp(`\`${name}\` takes (\\d+) kB`).exec(readme)?.[1]
  const kilobytes = await gzippedKilobytes(door)
  expect(Math.abs(kilobytes - Number(told))).toBeLessThan(0.1 * kilobytes)
})
