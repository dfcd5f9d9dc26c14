import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Samples that a first scrape brings: somewhat less than the hour that a head takes in backwards. */
const HISTORY_S = 50 * 60
const STEP_S = 5

interface Route {
  readonly path: string
  readonly perSecond: number
  readonly errorShare: number
  readonly latencyS: number
}

const ROUTES: readonly Route[] = [
  { path: '/api/cart', perSecond: 42, errorShare: 0.004, latencyS: 0.031 },
  { path: '/api/checkout', perSecond: 11, errorShare: 0.061, latencyS: 0.18 },
  { path: '/api/products', perSecond: 96, errorShare: 0.001, latencyS: 0.012 },
  { path: '/api/search', perSecond: 27, errorShare: 0.002, latencyS: 0.075 },
]
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/**
 * An imagined shop whose instances publish counters, a gauge and a histogram with explicit timestamps. The first scrape
 * of an instance brings its last fifty minutes, so that graphs have something to show at once.
 */
export async function startShop(): Promise<{ server: Server; port: number }> {
  const scrapedS = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = `${request.headers.host}${request.url}`
    const nowS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S
    const fromS = (scrapedS.get(path) ?? nowS - HISTORY_S) + STEP_S
    scrapedS.set(path, nowS)
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(exposition(path, fromS, nowS))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { server, port: (server.address() as AddressInfo).port }
}

function exposition(instance: string, fromS: number, toS: number): string {
  const lines: string[] = []
  const series = (name: string, valueAt: (timeS: number) => number): void => {
    for (let timeS = fromS; timeS <= toS; timeS += STEP_S)
      lines.push(`${name} ${valueAt(timeS)} ${timeS * 1000}`)
  }
  const phase = [...instance].reduce((sum, character) => sum + character.charCodeAt(0), 0)
  lines.push('# HELP http_requests_total Requests answered, by route and status.')
  lines.push('# TYPE http_requests_total counter')
  ROUTES.forEach((route, i) => {
    for (const [status, share] of [
      ['200', 1 - route.errorShare],
      ['500', route.errorShare],
    ] as const)
      series(`http_requests_total{route="${route.path}",status="${status}"}`, (timeS) =>
        Math.floor(share * requests(route, timeS, phase + i)),
      )
  })
  lines.push('# HELP http_request_duration_seconds Time to answer a request.')
  lines.push('# TYPE http_request_duration_seconds histogram')
  ROUTES.forEach((route, i) => {
    const count = (timeS: number): number => Math.floor(requests(route, timeS, phase + i))
    for (const boundary of BOUNDARIES)
      series(`http_request_duration_seconds_bucket{route="${route.path}",le="${boundary}"}`, (timeS) =>
        Math.floor(count(timeS) * (1 - Math.exp(-boundary / route.latencyS))),
      )
    series(`http_request_duration_seconds_bucket{route="${route.path}",le="+Inf"}`, count)
    series(
      `http_request_duration_seconds_sum{route="${route.path}"}`,
      (timeS) => count(timeS) * route.latencyS,
    )
    series(`http_request_duration_seconds_count{route="${route.path}"}`, count)
  })
  lines.push('# HELP queue_length Orders that wait.', '# TYPE queue_length gauge')
  series('queue_length{queue="orders"}', (timeS) => Math.round(40 + 30 * Math.sin(timeS / 400 + phase)))
  return `${lines.join('\n')}\n`
}

/** The integral of a rate that swings slowly and jitters quickly: it never falls. */
function requests({ perSecond }: Route, timeS: number, phase: number): number {
  const sinceS = timeS - 1_700_000_000
  const swing = (periodS: number, depth: number): number =>
    (-depth * periodS * Math.cos((2 * Math.PI * sinceS) / periodS + phase)) / (2 * Math.PI)
  return perSecond * (sinceS + swing(2400, 0.3) + swing(610, 0.14) + swing(97, 0.12) + swing(41, 0.1))
}
