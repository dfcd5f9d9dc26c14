import { hostname } from 'node:os'
import type { Hono } from 'hono'
import type { BuildInfo, RuntimeInfo } from '@promontory/api'
import { formatDuration } from '@promontory/model'
import {
  OPENMETRICS_CONTENT_TYPE,
  TEXT_CONTENT_TYPE,
  writeOpenMetrics,
  writeText,
} from '@promontory/exposition'
import { formatExpr } from './expression-text.ts'
import { failureOf, send, success } from '../http/answer.ts'
import { PROMETHEUS_VERSION, VERSION } from '../version.ts'
import { type RouteEnvironment, readParams } from './environment.ts'

/** What the status pages show of the running server. */
export interface ServerState {
  readonly startedMs: number
  /** Undefined for the built-in configuration. */
  readonly configFile: () => string | undefined
  readonly configYaml: () => string
  readonly lastConfigMs: () => number
  /** Why the configuration that was tried last is not in use; undefined when it is. */
  readonly reloadError: () => string | undefined
}

/** `/api/v1/status/*`, `/metrics`, `/version`, format and parse of expressions. */
export function statusRoutes(app: Hono, environment: RouteEnvironment, state: ServerState): void {
  const { options, registry, storage, clock } = environment
  app.get('/api/v1/status/tsdb/blocks', (c) =>
    success(c, { blocks: storage.maintenance.blocks.map(({ meta }) => meta) }),
  )
  app.get('/api/v1/status/config', (c) => success(c, { yaml: state.configYaml() }))
  app.get('/api/v1/status/flags', (c) => success(c, options.flags))
  app.get('/api/v1/status/buildinfo', (c) => success(c, buildInfo()))
  app.get('/version', (c) => c.json(buildInfo()))
  app.get('/api/v1/status/runtimeinfo', (c) => {
    const reloadError = state.reloadError()
    const configFile = state.configFile()
    const info: RuntimeInfo = {
      startTime: new Date(state.startedMs).toISOString(),
      CWD: process.cwd(),
      hostname: hostname(),
      serverTime: new Date(clock.nowMs()).toISOString(),
      reloadConfigSuccess: reloadError === undefined,
      lastConfigTime: new Date(state.lastConfigMs()).toISOString(),
      corruptionCount: storage.replay.repair === undefined ? 0 : 1,
      // There are no goroutines: threads come nearest.
      goroutineCount: options.queryWorkers + 2,
      GOMAXPROCS: options.queryWorkers,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: retentionText(options.retention),
      dataDirectory: storage.directory,
      ...(reloadError === undefined ? {} : { reloadError }),
      ...(configFile === undefined ? {} : { configFile }),
    }
    return success(c, info)
  })
  app.get('/api/v1/status/walreplay', (c) =>
    success(c, { min: 0, max: storage.replay.segments, current: storage.replay.segments }),
  )
  app.get('/api/v1/status/self_metrics', (c) => success(c, registry.collect()))
  app.get('/api/v1/features', (c) =>
    success(c, {
      promql: Object.fromEntries(
        options.features.map((name) => [name.replace(/^promql-/, '').replaceAll('-', '_'), true]),
      ),
    }),
  )
  app.get('/api/v1/notifications', (c) => success(c, []))
  app.get('/metrics', (c) => {
    const wantsOpenMetrics = /application\/openmetrics-text/.test(c.req.header('accept') ?? '')
    const families = registry.collect()
    return wantsOpenMetrics
      ? send(c, writeOpenMetrics(families), OPENMETRICS_CONTENT_TYPE)
      : send(c, writeText(families), TEXT_CONTENT_TYPE)
  })
  app.get('/-/healthy', (c) => c.text('Promontory is Healthy.\n'))
  app.get('/-/ready', (c) => c.text('Promontory is Ready.\n'))
  expressionRoutes(app, environment)
}

function expressionRoutes(app: Hono, environment: RouteEnvironment): void {
  for (const kind of ['format', 'parse'] as const)
    app.on(['GET', 'POST'], `/api/v1/${kind}_query`, async (c) => {
      try {
        return success(c, formatExpr(kind, (await readParams(c)).get('query'), environment.options.features))
      } catch (error) {
        return failureOf(c, error)
      }
    })
}

function buildInfo(): BuildInfo {
  return {
    version: PROMETHEUS_VERSION,
    revision: 'promontory',
    branch: 'main',
    buildUser: '',
    buildDate: '',
    goVersion: `node ${process.version}`,
    application: 'Promontory',
    applicationVersion: VERSION,
  }
}

function retentionText({ timeMs, bytes }: { readonly timeMs: number; readonly bytes: number }): string {
  const parts = [
    timeMs > 0 ? formatDuration(timeMs) : '',
    bytes > 0 ? `${Math.round(bytes / 2 ** 20)}MiB` : '',
  ].filter((part) => part !== '')
  return parts.join(' or ')
}
