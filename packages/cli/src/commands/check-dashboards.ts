import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkDashboardText, checkStored, type Finding, type StoredNames } from '@promontory/dashboards/check'
import { UsageError } from '../serve-flags.ts'

/** Bytes of a file that is read; what is longer is no dashboard. */
const FILE_BYTES_MAX = 20 * 1024 * 1024

/**
 * Checks dashboard files and prints each finding as `file: place: text`.
 * @param url a server: metrics and labels that it has not stored are warnings
 * @returns exit code: 1 for errors, 3 for warnings where `fatal`
 */
export async function checkDashboardFiles(
  paths: readonly string[],
  url: string | undefined,
  fatal: boolean,
): Promise<number> {
  const files = paths.flatMap(filesOf)
  if (files.length === 0) throw new UsageError(`no .json files in ${paths.join(', ')}`)
  const stored = url === undefined ? undefined : storedOn(url)
  const uids = new Map<string, string>()
  let errors = 0
  let warnings = 0
  for (const file of files) {
    const findings = await checkFile(file, stored, uids)
    for (const { severity, place, text } of findings)
      process.stdout.write(`${file}: ${severity}: ${place === '' ? '' : `${place}: `}${text}\n`)
    errors += findings.filter(({ severity }) => severity === 'error').length
    warnings += findings.filter(({ severity }) => severity === 'warning').length
  }
  process.stdout.write(`${files.length} dashboards, ${errors} errors, ${warnings} warnings\n`)
  if (errors > 0) return 1
  return fatal && warnings > 0 ? 3 : 0
}

async function checkFile(
  file: string,
  stored: StoredNames | undefined,
  uids: Map<string, string>,
): Promise<Finding[]> {
  const { size } = statSync(file)
  if (size > FILE_BYTES_MAX)
    return [{ severity: 'error', place: '', text: `${size} bytes, at most ${FILE_BYTES_MAX} are read` }]
  const text = readFileSync(file, 'utf8')
  const checked = checkDashboardText(text)
  const findings = [...checked.findings, ...(stored === undefined ? [] : await checkStored(checked, stored))]
  const { uid } = checked
  if (uid !== '') {
    const other = uids.get(uid)
    if (other !== undefined)
      findings.push({ severity: 'error', place: '', text: `uid "${uid}" is that of ${other} too` })
    uids.set(uid, file)
  }
  return findings
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`)
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Names that a server has stored, asked once each. */
function storedOn(url: string): StoredNames {
  const base = url.replace(/\/+$/, '')
  const ask = async (path: string): Promise<ReadonlySet<string>> => {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(30_000) })
    const answer = (await response.json()) as { status: string; data?: string[]; error?: string }
    if (answer.data === undefined)
      throw new Error(`${base}${path}: ${answer.error ?? `status ${response.status}`}`)
    return new Set(answer.data)
  }
  const labels = new Map<string, Promise<ReadonlySet<string>>>()
  let metrics: Promise<ReadonlySet<string>> | undefined
  return {
    metrics: () => (metrics ??= ask('/api/v1/label/__name__/values')),
    labelsOf: (metric) => {
      let known = labels.get(metric)
      if (known === undefined)
        labels.set(
          metric,
          (known = ask(`/api/v1/labels?${new URLSearchParams({ 'match[]': `{__name__="${metric}"}` })}`)),
        )
      return known
    },
  }
}
