/**
 * Makes the kit installable alone: one bundle, its types, README and a package.json with prom-client as peer, as a folder
 * for `npm pack` or `npm install FOLDER`.
 *
 *   node tools/pack-instrument.ts [folder = dist/instrument]
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const SOURCE = join(ROOT, 'packages/instrument')

function run(script: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`${script} failed with exit code ${status}`)
}

/** Writes the package into a folder, which is emptied before. */
export function packInstrument(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  run('esbuild/bin/esbuild', [
    join(SOURCE, 'src/index.ts'), '--bundle', '--platform=node', '--format=esm', '--target=node20', '--keep-names',
    '--external:prom-client', `--outfile=${join(folder, 'index.js')}`, '--log-level=warning',
  ]) // prettier-ignore
  run('typescript/bin/tsc', [
    join(SOURCE, 'src/index.ts'), '--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--outDir', join(folder, 'types'), '--rootDir', join(SOURCE, 'src'),
    '--target', 'es2024', '--module', 'nodenext', '--strict', '--allowImportingTsExtensions', '--rewriteRelativeImportExtensions', '--skipLibCheck', '--types', 'node',
    '--typeRoots', join(ROOT, 'node_modules/@types'),
  ]) // prettier-ignore
  cpSync(join(SOURCE, 'README.md'), join(folder, 'README.md'))
  cpSync(join(SOURCE, 'python'), join(folder, 'python'), { recursive: true })
  const { name, version, license, peerDependencies } = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8')) as Record<string, unknown> // prettier-ignore
  const manifest = {
    name,
    version,
    license,
    type: 'module',
    engines: { node: '>=20' },
    exports: { '.': { types: './types/index.d.ts', default: './index.js' } },
    peerDependencies,
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

if (import.meta.main) packInstrument(resolve(process.argv[2] ?? join(ROOT, 'dist/instrument')))
