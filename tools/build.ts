/**
 * Builds what users start: the kernels (AssemblyScript → WebAssembly), the server bundle with one file per thread
 * entry, and the web UI. A part is built again only when the hash of its inputs differs from its stamp.
 *
 *   node tools/build.ts            everything
 *   node tools/build.ts kernels    the kernels only (what tests need)
 *   node tools/build.ts --force    without looking at the stamps
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

interface Part {
  readonly name: string
  readonly inputs: readonly string[]
  /** Exists when the part has been built. */
  readonly output: string
  readonly build: () => void
}

const THREAD_ENTRIES: Record<string, string> = {
  promontory: 'packages/cli/src/main.ts',
  'query-worker': 'packages/server/src/workers/query-worker.ts',
  'compactor-worker': 'packages/server/src/workers/compactor-worker.ts',
  'sqlite-worker': 'packages/state/src/sqlite-worker.ts',
  'password-worker': 'packages/access/src/password-worker.ts',
}

const parts: readonly Part[] = [
  {
    name: 'kernels',
    inputs: ['packages/kernels/assembly', 'packages/kernels/asconfig.json'],
    output: 'packages/kernels/build/kernels.wasm',
    build: () => {
      mkdirSync(join(root, 'packages/kernels/build'), { recursive: true })
      run(
        'node_modules/assemblyscript/bin/asc.js',
        ['--config', 'asconfig.json', '--target', 'release'],
        'packages/kernels',
      )
    },
  },
  {
    name: 'server',
    inputs: [
      ...packageSources((name) => name !== 'ui'),
      'packages/kernels/assembly',
      'packages/kernels/asconfig.json',
      'tools/build.ts',
    ],
    output: 'dist/promontory.js',
    build: () => {
      bundle()
      copyFileSync(join(root, 'packages/kernels/build/kernels.wasm'), join(root, 'dist/kernels.wasm'))
    },
  },
  {
    name: 'ui',
    inputs: [
      ...packageSources((name) => ['ui', 'api', 'model', 'promql', 'base', 'panels'].includes(name)),
      'packages/ui/index.html',
      'packages/ui/vite.config.ts',
    ],
    output: 'packages/ui/dist/index.html',
    build: () => {
      run('node_modules/vite/bin/vite.js', ['build', '--logLevel', 'warn'], 'packages/ui')
      precompress(join(root, 'packages/ui/dist'))
    },
  },
]

function packageSources(wanted: (name: string) => boolean): string[] {
  return readdirSync(join(root, 'packages'))
    .filter((name) => wanted(name) && existsSync(join(root, 'packages', name, 'src')))
    .map((name) => `packages/${name}/src`)
}

function run(script: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: join(root, cwd),
    stdio: 'inherit',
  })
  if (result.status !== 0)
    throw new Error(`${script} ${args.join(' ')} failed with exit code ${result.status}`)
}

function bundle(): void {
  // What is loaded only when it is used (database drivers, mail, TLS and proxies) becomes files of its own, named by their content.
  const dist = join(root, 'dist')
  if (existsSync(dist))
    for (const name of readdirSync(dist))
      if (/^chunk-|^[\w-]+-[A-Z0-9]{8}\.js/.test(name)) rmSync(join(dist, name))
  const entries = Object.entries(THREAD_ENTRIES).filter(([, path]) => existsSync(join(root, path)))
  const banner =
    "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
  run(
    'node_modules/esbuild/bin/esbuild',
    [
      ...entries.map(([name, path]) => `${name}=${join(root, path)}`),
      '--bundle',
      '--splitting',
      '--platform=node',
      '--format=esm',
      '--target=node24',
      '--sourcemap=linked',
      '--sources-content=false',
      '--external:snappy',
      '--external:@node-rs/*',
      `--outdir=${join(root, 'dist')}`,
      `--banner:js=${banner}`,
      '--log-level=warning',
    ],
    '.',
  )
}

/** Writes `.br` and `.gz` beside each asset: the server serves these files as they are. */
function precompress(dir: string): void {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|html|svg|json|map)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
    writeFileSync(`${path}.br`, brotliCompressSync(bytes))
  }
}

function hashOf(part: Part): string {
  const hash = createHash('sha256')
  for (const input of [...part.inputs, 'package-lock.json']) {
    for (const file of filesOf(join(root, input))) {
      hash.update(file).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) return []
  const entries = readdirSyncOrFile(path)
  return entries.filter((file) => !/\.(test|bench)\.tsx?$/.test(file)).sort()
}

function readdirSyncOrFile(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return [path]
  }
}

function main(args: readonly string[]): void {
  const force = args.includes('--force')
  const only = args.filter((arg) => !arg.startsWith('--'))
  const stamps = join(root, 'node_modules/.cache/promontory-build')
  mkdirSync(stamps, { recursive: true })
  for (const part of parts) {
    if (only.length > 0 && !only.includes(part.name)) continue
    if (!part.inputs.some((input) => existsSync(join(root, input)))) continue
    const stampFile = join(stamps, part.name)
    const hash = hashOf(part)
    const current = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash
    if (!force && current && existsSync(join(root, part.output))) continue
    const started = performance.now()
    part.build()
    writeFileSync(stampFile, hash)
    console.log(`built ${part.name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
}

main(process.argv.slice(2))
