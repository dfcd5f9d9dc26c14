import { useQuery } from '@tanstack/react-query'
import { ask } from '../../data/api.ts'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { bytes, percent, shortNumber, wholeNumber } from '../../data/format.ts'
import { rangeQuery, toChart } from '../../data/queries.ts'
import { useActiveTargets } from './up-card.tsx'
import { MachineNotWatched } from './machine-not-watched.tsx'
import { Spark } from '../../parts/spark.tsx'

interface Tile {
  readonly title: string
  readonly expr: string
  /** The metric that the expression stands on. */
  readonly metric: string
  readonly format: (value: number) => string
  readonly max?: number
  /** From these values on the line is coloured. */
  readonly warnFrom?: number
  readonly badFrom?: number
}

const REAL_FILE_SYSTEMS = 'fstype!~"tmpfs|overlay|squashfs|ramfs|devtmpfs|iso9660"'

const TILES: readonly Tile[] = [
  {
    title: 'CPU busy',
    metric: 'node_cpu_seconds_total',
    expr: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))',
    format: percent,
    max: 1,
    warnFrom: 0.8,
    badFrom: 0.95,
  },
  {
    title: 'Memory used',
    metric: 'node_memory_MemAvailable_bytes',
    expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    format: percent,
    max: 1,
    warnFrom: 0.85,
    badFrom: 0.95,
  },
  {
    title: 'Fullest disk',
    metric: 'node_filesystem_avail_bytes',
    expr: `max(1 - node_filesystem_avail_bytes{${REAL_FILE_SYSTEMS}} / node_filesystem_size_bytes) or max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)`,
    format: percent,
    max: 1,
    warnFrom: 0.85,
    badFrom: 0.95,
  },
  { title: 'Load, 1 minute', metric: 'node_load1', expr: 'node_load1', format: shortNumber },
  {
    title: 'Network in',
    metric: 'node_network_receive_bytes_total',
    expr: 'sum(rate(node_network_receive_bytes_total{device!="lo"}[1m]))',
    format: (value) => `${bytes(value)}/s`,
  },
  {
    title: 'Disk writes',
    metric: 'node_disk_written_bytes_total',
    expr: 'sum(rate(node_disk_written_bytes_total[1m]))',
    format: (value) => `${bytes(value)}/s`,
  },
  {
    title: 'Samples taken in',
    metric: 'prometheus_tsdb_head_samples_appended_total',
    expr: 'sum(rate(prometheus_tsdb_head_samples_appended_total[1m]))',
    format: (value) => `${shortNumber(value)}/s`,
  },
  {
    title: 'Active series',
    metric: 'prometheus_tsdb_head_series',
    expr: 'prometheus_tsdb_head_series',
    format: wholeNumber,
  },
]

const SPAN_S = 900

/** This machine and the server in eight numbers, with their last quarter of an hour; those that nobody publishes are left out. */
export function MachineTiles(): ReactNode {
  const { data } = useQuery({
    queryKey: ['home', 'metrics'],
    queryFn: ({ signal }) =>
      ask<readonly string[]>(
        'label/__name__/values',
        { 'match[]': `{__name__=~"${TILES.map(({ metric }) => metric).join('|')}"}` },
        signal,
      ),
    refetchInterval: 10_000,
  })
  const waiting =
    useActiveTargets().data?.data.activeTargets.some(({ health }) => health === 'unknown') ?? true
  const published = TILES.filter(({ metric }) => data?.data.includes(metric))
  const shown = data === undefined || waiting ? TILES : published
  return (
    <>
      {shown.length === 0 ? null : (
        <section className="tiles" aria-label="This machine">
          {shown.map((tile) => (
            <MachineTile key={tile.title} tile={tile} />
          ))}
        </section>
      )}
      {shown.some(({ metric }) => metric.startsWith('node_')) ? null : <MachineNotWatched />}
    </>
  )
}

function MachineTile({ tile }: { tile: Tile }): ReactNode {
  const { data, error } = useQuery({
    queryKey: ['home', tile.expr],
    queryFn: async ({ signal }) =>
      toChart(await rangeQuery(tile.expr, Date.now() / 1000 - SPAN_S, Date.now() / 1000, signal, 5)),
    refetchInterval: 5000,
  })
  const values = data?.series[0]?.values ?? []
  const last = values.findLast((value) => value !== null) ?? undefined
  const tone =
    last === undefined
      ? 'accent'
      : last >= (tile.badFrom ?? Infinity)
        ? 'bad'
        : last >= (tile.warnFrom ?? Infinity)
          ? 'warn'
          : 'accent'
  return (
    <article className="card tile">
      <h3 className="tile-title">
        <Link
          href={`/query?g0.expr=${encodeURIComponent(tile.expr)}&g0.tab=0&g0.range_input=15m`}
          style={{ color: 'inherit' }}
        >
          {tile.title}
        </Link>
      </h3>
      <p className="tile-value" aria-live="off">
        {last === undefined ? (
          <small>{error !== null ? 'no answer' : data === undefined ? '\u00a0' : 'waiting for data'}</small>
        ) : (
          tile.format(last)
        )}
      </p>
      {error !== null ? (
        <p className="soft small">{error.message}</p>
      ) : data !== undefined && last === undefined && tile.expr.includes('rate(') ? (
        <p className="soft small">A rate needs two scrapes.</p>
      ) : null}
      <Spark values={values} tone={tone} {...(tile.max === undefined ? {} : { max: tile.max })} />
    </article>
  )
}
