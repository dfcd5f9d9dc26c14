import { statSync } from 'node:fs'
import { formatDuration } from '@promontory/model'
import type { HttpClientConfig } from '@promontory/http-client'
import { readTargetFiles } from '@promontory/discovery'
import type { ScrapeConfig } from '@promontory/scrape'

/** How far back an instant query looks when nothing else is said: an interval that is longer leaves holes. */
const LOOKBACK_MS = 5 * 60_000

/** What a configuration's jobs name outside of it: `faults` make it unusable, `warnings` do not. */
export interface NamedFiles {
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

/** Looks at the files that jobs name: credentials, client certificates, target files. Texts are promtool's. */
export async function checkNamedFiles(jobs: readonly ScrapeConfig[]): Promise<NamedFiles> {
  const faults: string[] = []
  const warnings: string[] = []
  for (const job of jobs) {
    for (const client of [job, ...job.kubernetes_sd_configs]) faults.push(...clientFaults(client))
    for (const { files } of job.file_sd_configs)
      for (const pattern of files) {
        const found = await readTargetFiles(pattern)
        if (found.length === 0)
          warnings.push(`file "${pattern}" for file_sd in scrape job "${job.job_name}" does not exist`)
        for (const { file, fault } of found)
          if (fault !== undefined) faults.push(`checking SD file "${file}": ${fault}`)
      }
  }
  return { faults, warnings }
}

/** Jobs whose samples an instant query would not always find. */
export function longIntervals(jobs: readonly ScrapeConfig[]): string[] {
  return jobs
    .filter((job) => job.scrape_interval >= LOOKBACK_MS)
    .map(
      (job) =>
        `too long scrape interval found, data point will be marked as stale - job: ${job.job_name}, interval: ${formatDuration(job.scrape_interval)}`,
    )
}

function clientFaults(client: HttpClientConfig): string[] {
  const credentials = client.authorization?.credentials_file || client.bearer_token_file
  const { cert_file: cert = '', key_file: key = '' } = client.tls_config ?? {}
  return [
    missing('authorization credentials or bearer token file', credentials),
    missing('client cert file', cert),
    missing('client key file', key),
  ].filter((fault) => fault !== undefined)
}

function missing(what: string, file: string): string | undefined {
  if (file === '') return undefined
  try {
    statSync(file)
    return undefined
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = isGone ? `stat ${file}: no such file or directory` : (error as Error).message
    return `error checking ${what} "${file}": ${reason}`
  }
}
