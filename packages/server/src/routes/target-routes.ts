import type { Hono } from 'hono'
import type { ActiveTarget, TargetsData } from '@promontory/api'
import { printYaml } from '@promontory/base/yaml'
import { formatDuration, type Labels, type Matcher } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import { scrapeConfig, type ScrapeManager, type TargetView } from '@promontory/scrape'
import type { KnownMetadata } from '../known-metadata.ts'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { type RouteEnvironment, readParams } from './environment.ts'

const ZERO_TIME = '0001-01-01T00:00:00Z'

/** `/api/v1/targets*`, `/api/v1/metadata`, `/api/v1/scrape_pools`. */
export function targetRoutes(
  app: Hono,
  environment: RouteEnvironment,
  { scrape, metadata }: { readonly scrape: ScrapeManager; readonly metadata: KnownMetadata },
): void {
  app.get('/api/v1/targets', async (c) => {
    const params = await readParams(c)
    const state = params.get('state').toLowerCase()
    const pool = params.get('scrapePool')
    const isWanted = (name: string): boolean => pool === '' || name === pool
    const { active, dropped, droppedCounts } = scrape.targets()
    const wantsDropped = state === '' || state === 'any' || state === 'dropped'
    const data: TargetsData = {
      activeTargets:
        state === 'dropped'
          ? []
          : active
              .filter(({ scrapePool }) => isWanted(scrapePool))
              .map((target) => view(target, environment)),
      droppedTargets: wantsDropped
        ? dropped
            .filter(({ job }) => isWanted(job))
            .map(({ discoveredLabels, job }) => ({
              discoveredLabels: discoveredLabels.toObject(),
              scrapePool: job,
            }))
        : [],
      droppedTargetCounts: wantsDropped ? droppedCounts : null,
    }
    return success(c, data)
  })
  app.get('/api/v1/scrape_pools', (c) => success(c, { scrapePools: scrape.scrapePools }))
  app.get('/api/v1/scrape_pools/config', async (c) => {
    const pool = (await readParams(c)).get('scrapePool')
    const config = scrape.scrapePoolConfig(pool)
    if (config === undefined) return failure(c, 'bad_data', `no scrape pool "${pool}"`)
    return success(c, { yaml: printYaml(scrapeConfig.encode(config) ?? {}) })
  })
  metadataRoutes(app, metadata)
  tryRoutes(app, scrape)
}

function view(target: TargetView, environment: RouteEnvironment): ActiveTarget {
  return {
    discoveredLabels: target.discoveredLabels.toObject(),
    labels: target.labels.toObject(),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: globalUrl(target.scrapeUrl, environment.options.externalUrl),
    lastError: target.lastError,
    lastScrape: target.lastScrapeMs === undefined ? ZERO_TIME : new Date(target.lastScrapeMs).toISOString(),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    lastScrapeSamples: target.lastSamples,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatDuration(target.scrapeTimeoutMs),
  }
}

/** A target on loopback is reached from outside under our own host name. */
function globalUrl(scrapeUrl: string, externalUrl: string | undefined): string {
  if (externalUrl === undefined || !URL.canParse(scrapeUrl)) return scrapeUrl
  const url = new URL(scrapeUrl)
  if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return scrapeUrl
  url.hostname = new URL(externalUrl).hostname
  return url.href
}

function metadataRoutes(app: Hono, everything: KnownMetadata): void {
  app.get('/api/v1/metadata', async (c) => {
    try {
      const params = await readParams(c)
      const limit = params.limit()
      const perMetric = params.limit('limit_per_metric')
      const wanted = params.get('metric')
      const metadata: Record<string, { type: string; help: string; unit: string }[]> = {}
      for (const [metricFamily, entry] of everything.families()) {
        if (wanted !== '' && metricFamily !== wanted) continue
        if (metadata[metricFamily] === undefined && limit > 0 && Object.keys(metadata).length >= limit)
          continue
        const known = (metadata[metricFamily] ??= [])
        const isKnown = known.some(
          ({ type, help, unit }) => type === entry.type && help === entry.help && unit === entry.unit,
        )
        if (!isKnown && (perMetric === 0 || known.length < perMetric))
          known.push({ type: entry.type, unit: entry.unit, help: entry.help })
      }
      return success(c, metadata)
    } catch (error) {
      return failureOf(c, error)
    }
  })
  app.get('/api/v1/targets/metadata', async (c) => {
    try {
      const params = await readParams(c)
      const limit = params.has('limit') ? params.limit() : 0
      const matchers: readonly Matcher[] =
        params.get('match_target') === '' ? [] : parseSelector(params.get('match_target'))
      const metric = params.get('metric')
      const found = [...everything.targets()]
        .filter(
          ({ target, metricFamily }) =>
            matchesAll(target, matchers) && (metric === '' || metric === metricFamily),
        )
        .map(({ target, metricFamily, metadata }) => ({
          target: target.toObject(),
          ...(metric === '' ? { metric: metricFamily } : {}),
          type: metadata.type,
          help: metadata.help,
          unit: metadata.unit,
        }))
      return success(c, limit > 0 ? found.slice(0, limit) : found)
    } catch (error) {
      return failureOf(c, error)
    }
  })
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}

/** What a target says right now. */
function tryRoutes(app: Hono, scrape: ScrapeManager): void {
  app.post('/api/v1/targets/try', async (c) => {
    try {
      const params = await readParams(c)
      const trial = await scrape.tryNow(params.get('scrapePool'), params.get('scrapeUrl'))
      if (trial === undefined)
        throw new BadRequest('only configured targets can be tried: no such scrapePool and scrapeUrl')
      return success(c, trial)
    } catch (error) {
      return failureOf(c, error)
    }
  })
}
