import { describe, expect, test } from 'vitest'
import { parseServeFlags, UsageError } from './serve-flags.ts'

describe('flags of serve', () => {
  test('the command line of a compose file', () => {
    const options = parseServeFlags([
      '--config.file=/etc/prometheus/prometheus.yml',
      '--storage.tsdb.path=/prometheus',
      '--web.console.libraries=/etc/prometheus/console_libraries',
      '--web.console.templates=/etc/prometheus/consoles',
      '--storage.tsdb.retention.time=200h',
      '--web.enable-lifecycle',
    ])
    expect(options.configFile).toBe('/etc/prometheus/prometheus.yml')
    expect(options.retention).toEqual({ timeMs: 200 * 3600_000, bytes: 0 })
    expect(options.enableLifecycle).toBe(true)
    expect(options.notices).toHaveLength(2)
  })

  test('the state database: by flag or variable, and shown without its password', () => {
    const options = parseServeFlags(['--state.database=postgres://me:secret@db/state'])
    expect(options.grafana.database).toBe('postgres://me:secret@db/state')
    expect(options.flags['state.database']).toBe('postgres://me:***@db/state')
    const variable = { PROMONTORY_STATE_DATABASE: 'mysql://db/state' }
    expect(parseServeFlags([], variable).grafana.database).toBe('mysql://db/state')
  })

  test('nothing given: loopback, 15 days', () => {
    const options = parseServeFlags([])
    expect(options.listenAddresses).toEqual(['127.0.0.1:9090'])
    expect(options.retention.timeMs).toBe(15 * 24 * 3600_000)
    expect(options.ownDirectory).toBe('data/promontory')
  })

  test.each([
    [
      ['--storage.tsdb.retention.time=15x'],
      /--storage\.tsdb\.retention\.time: not a valid duration string: "15x"/,
    ],
    [['--storage.tsdb.retention.size=12'], /"12" is not a size/],
    [['--web.listen-adress=:1'], /did you mean --web\.listen-address/],
    [['--web.listen-address=nine'], /"nine" is not host:port/],
    [['--log.level=loud'], /none of debug, info, warn, error/],
    [['--query.max-samples=0'], /not a whole number above 0/],
    [['--web.external-url=ftp://x'], /not an http or https URL/],
    [
      ['--storage.path=/x'],
      /--storage\.path is not supported yet: the Alertmanager's folder: .*--promontory\.path/,
    ],
    [['--cluster.peer=a:9094'], /--cluster\.peer is not supported yet: gossip/],
    [['--alertmanager.web.external-url=x'], /--alertmanager\.web\.external-url: "x" is not an http/],
    [['--enable-feature=classic-mode,utf8-strict-mode'], /cannot have both classic and UTF-8 strict modes/],
    [['--agent'], /--agent is not supported yet: agent mode; --storage.remote=/],
    [['--storage.agent.retention.max-time=4h'], /--storage.agent.retention.max-time is not supported/],
    [['extra'], /unexpected argument "extra"/],
  ])('%j is refused', (args, message) => {
    expect(() => parseServeFlags(args)).toThrow(message)
    expect(() => parseServeFlags(args)).toThrow(UsageError)
  })

  test("the Alertmanager's flags", () => {
    const { alertmanager, alertmanagerWeb, notices } = parseServeFlags([
      '--alertmanager.web.external-url=http://am.example.com/alerts/',
      '--web.get-concurrency=3',
      '--web.timeout=30s',
      '--dispatch.start-delay=1m',
      '--dispatch.maintenance-interval=10s',
      '--log.silences',
      '--cluster.listen-address=',
      '--enable-feature=classic-mode',
      '--enable-feature=receiver-name-in-metrics,group-key-in-metrics',
    ])
    expect(alertmanagerWeb).toEqual({
      externalUrl: 'http://am.example.com/alerts',
      routePrefix: '/alerts',
      getConcurrency: 3,
      timeoutMs: 30_000,
    })
    expect(alertmanager).toMatchObject({
      startDelayMs: 60_000,
      logsSilences: true,
      matcherMode: 'classic',
      metricLabels: { receiverNames: true, alertNames: false },
    })
    expect(notices).toEqual([
      'flag --dispatch.maintenance-interval has no effect: a group ends when its last alert does',
      'feature group-key-in-metrics has no effect yet',
    ])
  })

  test("Go's spellings", () => {
    expect(parseServeFlags(['-web.enable-lifecycle=true']).enableLifecycle).toBe(true)
    expect(parseServeFlags(['--web.enable-lifecycle=false']).enableLifecycle).toBe(false)
    expect(parseServeFlags(['--no-storage.tsdb.wal-compression']).walCompression).toBe('none')
    expect(parseServeFlags(['--web.external-url=http://x/prom/']).routePrefix).toBe('/prom')
    expect(parseServeFlags(['--storage.tsdb.retention.size=2GB']).retention.bytes).toBe(2 * 1024 ** 3)
    expect(parseServeFlags([]).timestampToleranceMs).toBeUndefined()
    expect(parseServeFlags(['--scrape.timestamp-tolerance=5ms']).timestampToleranceMs).toBe(5)
    expect(parseServeFlags(['--no-scrape.adjust-timestamps']).timestampToleranceMs).toBe(0)
    const hour = 3600_000
    expect(parseServeFlags([]).blockDurations).toEqual({ minMs: 2 * hour, maxMs: undefined })
    const both = ['--storage.tsdb.min-block-duration=4h', '--storage.tsdb.max-block-duration=2h']
    expect(parseServeFlags(both).blockDurations).toEqual({ minMs: 4 * hour, maxMs: 4 * hour })
  })

  test('features', () => {
    const options = parseServeFlags(['--enable-feature=promql-experimental-functions,nonsense'])
    expect(options.features).toEqual(['promql-experimental-functions'])
    expect(() =>
      parseServeFlags(['--enable-feature=otlp-deltatocumulative,otlp-native-delta-ingestion']),
    ).toThrow('cannot enable otlp-deltatocumulative and')
    expect(options.notices).toEqual(['unknown option for --enable-feature: nonsense'])
  })
})
