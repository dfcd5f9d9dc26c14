import { Registry, silentLogger, systemClock } from '@promontory/base'
import { DiscoveryManager, DiscoveryMetrics, type TargetGroup } from '@promontory/discovery'
import { completeScrapeConfig, discoveredTargets } from '@promontory/scrape'
import { prepareConfig } from '@promontory/server/config'

/**
 * Runs the discovery of one job for a while and prints what it found as JSON, before and after relabelling, as promtool does; which rule
 * dropped a target is added.
 * @returns the exit code
 */
export async function checkServiceDiscovery(file: string, job: string, timeoutMs: number): Promise<number> {
  const { config, jobs } = await prepareConfig(file)
  const wanted = jobs.find(({ job_name: name }) => name === job)
  if (wanted === undefined) {
    const names = jobs.map(({ job_name: name }) => `\t${name}\n`).join('')
    process.stderr.write(`Job ${job} not found. Select one of:\n${names}`)
    return 1
  }
  const complete = completeScrapeConfig(wanted, config.global, (fault) => {
    throw new Error(fault)
  })
  const groups = await found(job, complete, timeoutMs)
  const results = [...discoveredTargets(complete, groups)].map((target) => ({
    discoveredLabels: target.discoveredLabels.toObject(),
    labels: target.relabelled?.toObject() ?? {},
    ...(target.error === '' ? {} : { error: target.error }),
    ...(target.droppedBy === undefined ? {} : { droppedBy: `relabel_configs[${target.droppedBy.index}]` }),
  }))
  const distinct = [...new Map(results.map((result) => [JSON.stringify(result), result])).values()]
  process.stdout.write(`${JSON.stringify(distinct, null, 2)}\n`)
  return 0
}

type Job = Parameters<typeof completeScrapeConfig>[0]

/** What is known when the time is over. A job of static targets alone is done at once. */
async function found(name: string, job: Job, timeoutMs: number): Promise<readonly TargetGroup[]> {
  let groups: readonly TargetGroup[] = []
  const manager = new DiscoveryManager({
    name: 'scrape',
    clock: systemClock,
    logger: {
      ...silentLogger,
      error: tell,
      warn: tell,
      with: () => ({ ...silentLogger, error: tell, warn: tell }),
    },
    metrics: new DiscoveryMetrics(new Registry()),
    userAgent: 'promontory-check',
    updateIntervalMs: 100,
    onUpdate: (_name, all) => void (groups = all),
  })
  manager.applyConfig(new Map([[name, job]]))
  const isStatic = Object.entries(job).every(
    ([field, value]) =>
      field === 'static_configs' || !field.endsWith('_sd_configs') || (value as unknown[]).length === 0,
  )
  if (!isStatic) await new Promise((resolve) => setTimeout(resolve, timeoutMs))
  const last = groups
  manager.stop()
  return last
}

/** What goes wrong is told where it does not mix with the JSON. */
function tell(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${message}: ${String(fields['err'] ?? '')}\n`)
}
