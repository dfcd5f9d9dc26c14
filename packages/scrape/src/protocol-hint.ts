import { connect } from 'node:net'
import { HttpRequestError } from '@promontory/http-client'

/** What a peer that does not serve metrics turns out to be, and what to scrape in its stead. */
interface ForeignProtocol {
  readonly name: string
  readonly advice: string
  /** First bytes it sends. */
  readonly greeting?: RegExp
}

const POSTGRES: ForeignProtocol = {
  name: 'PostgreSQL',
  advice: 'run postgres_exporter and scrape it (port 9187)',
}

const REDIS: ForeignProtocol = {
  name: 'Redis',
  advice: 'run redis_exporter and scrape it (port 9121)',
  greeting: /^-(ERR|NOAUTH|DENIED|LOADING)\b/,
}

const PROTOCOLS: readonly ForeignProtocol[] = [
  REDIS,
  {
    name: 'MySQL',
    advice: 'run mysqld_exporter and scrape it (port 9104)',
    greeting: /^.{4}[\n\u{fffd}\u{ff}]?\d*\.\d+\.\d+|mysql_native_password|caching_sha2_password|MariaDB/su,
  },
  { name: 'SSH', advice: 'run node_exporter on that machine and scrape it (port 9100)', greeting: /^SSH-/ },
  {
    name: 'AMQP (RabbitMQ)',
    advice: 'enable the rabbitmq_prometheus plugin and scrape port 15692',
    greeting: /^AMQP/,
  },
  { name: 'memcached', advice: 'run memcached_exporter and scrape it (port 9150)', greeting: /^ERROR\r\n/ },
  { name: 'SMTP or FTP', advice: 'probe it with blackbox_exporter (port 9115)', greeting: /^220[ -]/ },
  { name: 'TLS', advice: 'set `scheme: https` in the job', greeting: /^\p{Cc}{2}(?!.*HTTP\/)/su },
]

/** Servers that close without a byte when they are asked in HTTP (Redis does so when it sees `Host:`): what they answer to instead. */
const PROBES: readonly {
  readonly protocol: ForeignProtocol
  readonly ask: Buffer
  readonly answer: RegExp
}[] = [
  // SSLRequest: the one message that PostgreSQL answers with a single byte, before any login.
  { protocol: POSTGRES, ask: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), answer: /^[SN]$/ },
  { protocol: REDIS, ask: Buffer.from('PING\r\n'), answer: /^(\+PONG\r\n|-(NOAUTH|DENIED|LOADING|ERR)\b)/ },
]
const PROBE_TIMEOUT_MS = 1000

function sentence({ name, advice }: ForeignProtocol, host: string): string {
  return `${host} speaks the ${name} protocol, not HTTP: ${advice}`
}

/**
 * What to tell the user of a target that is no exporter; undefined when nothing is known. A peer that closed
 * without a byte is asked in the protocols of those that do so.
 */
export async function protocolHint(error: unknown, url: string): Promise<string | undefined> {
  if (!(error instanceof HttpRequestError)) return undefined
  const { hostname, port, host, protocol } = new URL(url)
  const bytes = error.foreignBytes
  if (bytes !== undefined) {
    const found = PROTOCOLS.find(({ greeting }) => greeting!.test(bytes))
    return found === undefined ? `${host} does not speak HTTP` : sentence(found, host)
  }
  if (!error.closedSilently || protocol !== 'http:' || port === '') return undefined
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
  const found = await firstOf(
    PROBES.map(async (probe) => ((await answers(address, probe)) ? probe.protocol : undefined)),
  )
  return found === undefined ? undefined : sentence(found, host)
}

/** The first that is found, without waiting for the others. */
function firstOf<T>(searches: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve) => {
    for (const search of searches) void search.then((found) => found !== undefined && resolve(found))
    void Promise.all(searches).then(() => resolve(undefined))
  })
}

function answers(
  address: { readonly host: string; readonly port: number },
  { ask, answer }: (typeof PROBES)[number],
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const done = (isIt: boolean): void => {
      socket.destroy()
      resolve(isIt)
    }
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(false))
    socket.once('connect', () => socket.write(ask))
    socket.once('data', (data) => done(answer.test(data.toString('latin1'))))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
}

/** Products that answer over HTTP, but not with metrics at the path that was asked. */
export function productHint(
  status: number,
  headers: Readonly<Record<string, string>>,
  path: string,
): string | undefined {
  const server = headers['server'] ?? ''
  if (
    /^MinIO/i.test(server) &&
    (status === 403 || status === 404 || status === 400) &&
    !path.startsWith('/minio/')
  )
    return "this is MinIO's S3 API: set `metrics_path: /minio/v2/metrics/cluster` and a bearer token from `mc admin prometheus generate`, or MINIO_PROMETHEUS_AUTH_TYPE=public"
  if (/grafana/i.test(headers['x-grafana-org-id'] ?? ''))
    return 'this is Grafana: its metrics are at /metrics, unless [metrics] is off'
  if (status === 200 && /^text\/html/i.test(headers['content-type'] ?? ''))
    return 'the answer is a web page: is `metrics_path` right?'
  return undefined
}
