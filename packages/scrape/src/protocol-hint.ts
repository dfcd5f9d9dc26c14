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

const PROTOCOLS: readonly ForeignProtocol[] = [
  {
    name: 'Redis',
    advice: 'run redis_exporter and scrape it (port 9121)',
    greeting: /^-(ERR|NOAUTH|DENIED|LOADING)\b/,
  },
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

/** PostgreSQL's SSLRequest: the one message that its servers answer with a single byte, before any login. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const PROBE_TIMEOUT_MS = 1000

function sentence({ name, advice }: ForeignProtocol, host: string): string {
  return `${host} speaks the ${name} protocol, not HTTP: ${advice}`
}

/**
 * What to tell the user of a target that is no exporter; undefined when nothing is known. PostgreSQL closes without a
 * byte, so a peer that did is asked once in its own protocol.
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
  return (await answersSslRequest(hostname.replace(/^\[|\]$/g, ''), Number(port)))
    ? sentence(POSTGRES, host)
    : undefined
}

function answersSslRequest(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(false))
    socket.once('connect', () => socket.write(SSL_REQUEST))
    socket.once('data', (data) => done(data.length === 1 && (data[0] === 0x53 || data[0] === 0x4e)))
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
