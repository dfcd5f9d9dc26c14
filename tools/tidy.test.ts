import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The house: imports go to a lower floor only. See ARCHITECTURE.md, "Packages and floors". */
const FLOORS: Record<string, number> = {
  base: 0, kernels: 0,
  model: 1, api: 1, wire: 1, 'http-client': 1, instrument: 1,
  tsdb: 2, promql: 2, exposition: 2, remote: 2, discovery: 2, template: 2, panels: 2, logs: 2, traces: 2, state: 2,
  scrape: 3, push: 3, rules: 3, alertmanager: 3, incidents: 3, dashboards: 3, access: 3, host: 3,
  server: 4, ui: 4,
  cli: 5,
} // prettier-ignore

/** http-client sits beside model on floor 1 in the table, but configures secrets and durations with its words. */
const SIDEWAYS_ALLOWED = new Set(['http-client → model'])
const UI_MAY_IMPORT = new Set(['model', 'api', 'promql', 'panels'])

interface Import {
  readonly file: string
  readonly line: number
  readonly specifier: string
}

function importsOf(file: string): Import[] {
  const found: Import[] = []
  const pattern = /(?:^\s*(?:import|export|\}).*\bfrom\s|^\s*import\s|\bimport\()\s*'([^']+)'/g
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, index) => {
      if (/^\s*(\/\/|\*)/.test(text)) return
      for (const match of text.matchAll(pattern)) found.push({ file, line: index + 1, specifier: match[1]! })
    })
  return found
}

function sourcesOf(name: string): string[] {
  return readdirSync(join(root, 'packages', name, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

const packages = readdirSync(join(root, 'packages'))

test.each(packages)('%s imports only what it declares, downwards, through doors', (name) => {
  const floor = FLOORS[name]
  expect(floor, `package ${name} has no floor in tools/tidy.test.ts`).toBeDefined()
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
  const faults: string[] = []
  for (const { file, line, specifier } of sourcesOf(name).flatMap(importsOf)) {
    const where = `${file.slice(root.length + 1)}:${line}: '${specifier}'`
    const isTest = /\.test\.tsx?$/.test(file) || file.includes('/testing/')
    const ours = /^@promontory\/([^/]+)(\/.*)?$/.exec(specifier)
    if (ours) {
      const [, target, door] = ours as unknown as [string, string, string | undefined]
      if (target === name) continue
      const targetManifest = JSON.parse(readFileSync(join(root, 'packages', target, 'package.json'), 'utf8'))
      if (!isTest && !(specifier.split('/').slice(0, 2).join('/') in declared))
        faults.push(`${where} is not declared`)
      if (!isTest && FLOORS[target]! >= floor! && !SIDEWAYS_ALLOWED.has(`${name} → ${target}`))
        faults.push(`${where} does not go down (floor ${floor} → ${FLOORS[target]})`)
      if (!(`.${door ?? ''}` in targetManifest.exports)) faults.push(`${where} goes past the door`)
      if (name === 'ui' && !UI_MAY_IMPORT.has(target)) faults.push(`${where}: ui may not import ${target}`)
    } else if (specifier.startsWith('.')) {
      if (!/\.(tsx?|css|svg|json)(\?\w+)?$/.test(specifier)) faults.push(`${where} lacks its extension`)
      if (!join(dirname(file), specifier).startsWith(join(root, 'packages', name)))
        faults.push(`${where} leaves the package`)
    } else if (!specifier.startsWith('node:') && !isTest) {
      const bare = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : specifier.split('/')[0]!
      if (!(bare in declared)) faults.push(`${where} is not declared`)
    }
  }
  expect(faults).toEqual([])
})

test('declared workspace dependencies go down', () => {
  const faults: string[] = []
  for (const name of packages) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const target = /^@promontory\/(.+)$/.exec(dependency)?.[1]
      if (target && FLOORS[target]! >= FLOORS[name]! && !SIDEWAYS_ALLOWED.has(`${name} → ${target}`))
        faults.push(`${name} → ${target}`)
    }
  }
  expect(faults).toEqual([])
})

test('package-lock.json holds no download addresses', () => {
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": *"http/)
})
