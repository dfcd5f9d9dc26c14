import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { DASHBOARD_BYTES_MAX, unwrap } from '../dashboard-model.ts'
import { type JsonObject, parseLossless } from '../json.ts'
import { describeJsonFault } from '../json-fault.ts'
import type { DashboardProvider } from './provider-file.ts'

/** Files of one provider; a folder with more is something else than dashboards. */
const FILES_MAX = 5000
const DEPTH_MAX = 10

/** A dashboard file as it was read. */
export interface FoundDashboard {
  /** Relative to the provider's path. */
  readonly file: string
  readonly model: JsonObject
  readonly hash: string
  /** Title of the folder that the file's place gives; `''` for the provider's own. */
  readonly folder: string
}

export interface Scan {
  readonly found: readonly FoundDashboard[]
  /** Every file there is, also those that could not be read: what they provided before stays. */
  readonly files: ReadonlySet<string>
  readonly problems: readonly string[]
}

/** Reads the dashboard files of a provider. Files outside of its path, by whatever link, are refused. */
export async function scanProvider(provider: DashboardProvider): Promise<Scan> {
  const problems: string[] = []
  const paths: string[] = []
  let root: string
  try {
    root = await realpath(provider.path)
    await walk(provider.path, root, paths, problems, 0)
  } catch (error) {
    return {
      found: [],
      files: new Set(),
      problems: [`${provider.path}: provider ${provider.name}: ${(error as Error).message}`],
    }
  }
  const found: FoundDashboard[] = []
  for (const path of paths) {
    const file = relative(provider.path, path)
    try {
      found.push(await readDashboard(provider, path, file))
    } catch (error) {
      problems.push((error as Error).message)
    }
  }
  return { found, files: new Set(paths.map((path) => relative(provider.path, path))), problems }
}

async function walk(
  folder: string,
  root: string,
  paths: string[],
  problems: string[],
  depth: number,
): Promise<void> {
  if (depth > DEPTH_MAX) return void problems.push(`${folder}: folders deeper than ${DEPTH_MAX} are not read`)
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // Kubernetes keeps the versions of a mounted ConfigMap in ..data and ..2026_…; the links beside lead there.
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined) problems.push(`${path}: a link to nothing`)
    else if (real !== root && !real.startsWith(root + sep))
      problems.push(`${path}: leads to ${real}, outside of the provider's path`)
    else if ((await stat(real)).isDirectory()) await walk(path, root, paths, problems, depth + 1)
    else if (entry.name.endsWith('.json')) {
      if (paths.length >= FILES_MAX)
        return void problems.push(`${folder}: more than ${FILES_MAX} dashboard files`)
      paths.push(path)
    }
  }
}

async function readDashboard(
  provider: DashboardProvider,
  path: string,
  file: string,
): Promise<FoundDashboard> {
  const { size } = await stat(path)
  if (size > DASHBOARD_BYTES_MAX)
    throw new Error(`${path}: ${size} bytes, at most ${DASHBOARD_BYTES_MAX} are read`)
  const text = await readFile(path, 'utf8')
  let value: unknown
  try {
    value = parseLossless(text.replace(/^\u{feff}/u, ''))
  } catch (error) {
    throw new Error(`${path}${describeJsonFault(text)}`, { cause: error })
  }
  const model = unwrap(value)
  if (model === undefined) throw new Error(`${path}:1:1: no dashboard, expected a JSON object`)
  const below = dirname(file)
  const folder = provider.foldersFromFilesStructure && below !== '.' ? basename(below) : ''
  const hash = createHash('sha256').update(text).update('\0').update(folder).digest('hex')
  return { file, model, hash, folder }
}
